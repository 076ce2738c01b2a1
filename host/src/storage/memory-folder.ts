// The data folder of a host in memory.

import { assert, HostError } from '../errors.ts';
import type { DatabaseRecord, DataFolder } from './data-folder.ts';
import { createMemoryStorage } from './memory-storage.ts';
import type { Storage } from './storage.ts';

/** Databases that last as long as the process. */
class MemoryFolder implements DataFolder {
  readonly #databases = new Map<bigint, DatabaseRecord>();
  readonly #names = new Map<string, bigint>();
  readonly #secrets = new Map<string, Uint8Array>();

  databases(): readonly DatabaseRecord[] {
    return [...this.#databases.values()];
  }
  database(identity: bigint): DatabaseRecord | undefined {
    return this.#databases.get(identity);
  }
  identityOf(name: string): bigint | undefined {
    return this.#names.get(name);
  }

  async createDatabase(record: DatabaseRecord): Promise<void> {
    assert(!this.#databases.has(record.identity), 'a database is created once');
    await this.#keep(record, []);
  }

  finishDatabase(): Promise<void> {
    return Promise.resolve();
  }

  isUnfinished(): boolean {
    return false;
  }

  async setNames(identity: bigint, names: readonly string[]): Promise<void> {
    const record = this.#databases.get(identity);
    assert(record, 'names are given to a database that exists');
    await this.#keep({ ...record, names }, record.names);
  }

  setLocked(identity: bigint, isLocked: boolean): Promise<void> {
    const record = this.#databases.get(identity);
    assert(record, 'a database that exists is locked');
    this.#databases.set(identity, { ...record, isLocked });
    return Promise.resolve();
  }

  #keep(record: DatabaseRecord, formerNames: readonly string[]): Promise<void> {
    for (const name of record.names) {
      const taken = this.#names.get(name);
      assert(taken === undefined || taken === record.identity, `the name ${name} is free`);
    }
    for (const name of formerNames) this.#names.delete(name);
    for (const name of record.names) this.#names.set(name, record.identity);
    this.#databases.set(record.identity, record);
    return Promise.resolve();
  }

  openStorage(identity: bigint): Promise<Storage> {
    assert(this.#databases.has(identity), 'storage is opened for a database that exists');
    return Promise.resolve(createMemoryStorage());
  }

  explain(_identity: bigint, cause: unknown): unknown {
    return cause;
  }

  dropDatabase(identity: bigint): Promise<void> {
    this.#databases.delete(identity);
    return Promise.resolve();
  }

  secret(name: string, make: () => Uint8Array): Uint8Array {
    const secret = this.#secrets.get(name) ?? make();
    this.#secrets.set(name, secret);
    return secret;
  }

  backup(): Promise<never> {
    return Promise.reject(new HostError('backup/in-memory'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Creates an empty folder in memory. */
export function createMemoryFolder(): DataFolder {
  return new MemoryFolder();
}

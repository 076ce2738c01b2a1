// A data folder on disk:
//   lock            which process has it
//   registry/       LMDB: databases with owners and names, and where names lead
//   databases/HEX/  LMDB: one database
//   keys/           small secrets

import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { z } from 'zod';
import { assert, HostError, messageOf } from '../errors.ts';
import { identityToHex, parseIdentity } from '../sats/hex.ts';
import type { DatabaseRecord, DataFolder } from './data-folder.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { fromJson, toJson } from './lmdb-records.ts';
import { LmdbStorage, openEnvironment } from './lmdb-storage.ts';
import { makeFolder } from './make-folder.ts';
import type { Storage } from './storage.ts';

const identityHex = z.string().transform((text, context) => {
  const identity = parseIdentity(text);
  if (identity !== undefined) return identity;
  context.addIssue('an identity was expected');
  return z.NEVER;
});
const databaseRecord = z.object({ owner: identityHex, names: z.array(z.string()) });
const nameRecord = z.object({ identity: identityHex });

const DATABASE = 'database/';
const NAME = 'name/';

/** The sibling with a disk. Everything it says it did is synced. */
export class LmdbFolder implements DataFolder {
  readonly #path: string;
  readonly #lock: FolderLock;
  readonly #registry: RootDatabase<Buffer, string>;
  readonly #databases = new Map<bigint, DatabaseRecord>();
  readonly #names = new Map<string, bigint>();
  readonly #open = new Map<bigint, Storage>();
  #closing: Promise<void> | undefined;

  /** Throws `storage/folder-in-use`, `storage/folder-unwritable` or `storage/damaged`. */
  static open(path: string): LmdbFolder {
    const lock = writable(path, () => {
      for (const folder of [path, join(path, 'databases'), join(path, 'keys')]) makeFolder(folder, 0o700);
      return lockFolder(path);
    });
    try {
      return new LmdbFolder(path, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(path: string, lock: FolderLock) {
    this.#path = path;
    this.#lock = lock;
    this.#registry = writable(path, () => openEnvironment(join(path, 'registry')));
    for (const { key, value } of this.#registry.getRange()) {
      if (key.startsWith(DATABASE)) {
        const { owner, names } = fromJson(databaseRecord, value, key);
        const identity = parseIdentity(key.slice(DATABASE.length));
        if (identity === undefined) throw new HostError('storage/damaged', `the record ${key} cannot be read`);
        this.#databases.set(identity, { identity, owner, names });
      } else if (key.startsWith(NAME)) {
        this.#names.set(key.slice(NAME.length), fromJson(nameRecord, value, key).identity);
      }
    }
    this.#removeLeftovers();
  }

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

  async setNames(identity: bigint, names: readonly string[]): Promise<void> {
    const record = this.#databases.get(identity);
    assert(record, 'names are given to a database that exists');
    await this.#keep({ ...record, names }, record.names);
  }

  async #keep(record: DatabaseRecord, formerNames: readonly string[]): Promise<void> {
    const { identity, owner, names } = record;
    for (const name of names) {
      const taken = this.#names.get(name);
      assert(taken === undefined || taken === identity, `the name ${name} is free`);
    }
    const freed = formerNames.filter(name => !names.includes(name));
    for (const name of freed) this.#names.delete(name);
    for (const name of names) this.#names.set(name, identity);
    this.#databases.set(identity, record);
    await this.#registry.batch(() => {
      for (const name of freed) void this.#registry.remove(NAME + name);
      for (const name of names) void this.#registry.put(NAME + name, toJson({ identity: identityToHex(identity) }));
      void this.#registry.put(DATABASE + identityToHex(identity), toJson({ owner: identityToHex(owner), names }));
    });
  }

  openStorage(identity: bigint): Promise<Storage> {
    assert(this.#databases.has(identity), 'storage is opened for a database that exists');
    const folder = this.#folderOf(identity);
    const storage = writable(folder, () => LmdbStorage.open(folder));
    syncFolder(folder);
    syncFolder(dirname(folder));
    this.#open.set(identity, storage);
    return Promise.resolve(storage);
  }

  async dropDatabase(identity: bigint): Promise<void> {
    await this.#open.get(identity)?.close();
    this.#open.delete(identity);
    this.#databases.delete(identity);
    await this.#registry.remove(DATABASE + identityToHex(identity));
    rmSync(this.#folderOf(identity), { recursive: true, force: true });
  }

  secret(name: string, make: () => Uint8Array): Uint8Array {
    assert(/^[a-z0-9][a-z0-9.-]*$/.test(name), 'a secret has a plain name');
    const path = join(this.#path, 'keys', name);
    try {
      return readFileSync(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const secret = make();
    const fresh = `${path}.new`;
    const file = openSync(fresh, 'w', 0o600);
    writeSync(file, secret);
    fsyncSync(file);
    closeSync(file);
    renameSync(fresh, path);
    syncFolder(dirname(path));
    return secret;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const storage of this.#open.values()) await storage.close();
    await this.#registry.close();
    this.#lock.release();
  }

  #folderOf(identity: bigint): string {
    return join(this.#path, 'databases', identityToHex(identity));
  }

  /** A crash between a database's last record and its folder leaves the folder. */
  #removeLeftovers(): void {
    for (const name of readdirSync(join(this.#path, 'databases'))) {
      const identity = parseIdentity(name);
      if (identity === undefined || this.#databases.has(identity)) continue;
      rmSync(join(this.#path, 'databases', name), { recursive: true, force: true });
    }
  }
}

/** Makes the entries of a folder durable: syncing a new file does not sync that it exists. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function writable<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    throw new HostError('storage/folder-unwritable', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

// A data folder on disk:
//   lock            the process that uses it
//   registry/       LMDB: databases with owners and names, and the database of each name
//   databases/HEX/  LMDB: one database
//   keys/           small secrets
//   logs/, cache/   belong to database/

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { assert, HostError, messageOf } from '../errors.ts';
import { identityToHex, parseIdentity } from '../sats/hex.ts';
import { type Backup, copyEnvironment, copyFiles, makeWhole, syncPath } from './folder-copy.ts';
import { refuseLimitedAddressSpace } from './address-space.ts';
import { checkEnvironments } from './check-folder.ts';
import type { DatabaseRecord, DataFolder } from './data-folder.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { FORMAT, fromJson, parse, records, toJson } from './lmdb-records.ts';
import { openEnvironment, type Environment } from './lmdb-environment.ts';
import { commitErrorOf, LmdbStorage } from './lmdb-storage.ts';
import { makeFolder } from './make-folder.ts';

const identityHex = z.string().transform((text, context) => {
  const identity = parseIdentity(text);
  if (identity !== undefined) return identity;
  context.addIssue('an identity was expected');
  return z.NEVER;
});
/** `isUnfinished`: it was created, and its creation has not been confirmed to its publisher. */
const databaseRecord = z.object({
  owner: identityHex,
  names: z.array(z.string()),
  isUnfinished: z.boolean().optional(),
  isLocked: z.boolean().optional(),
});
const nameRecord = z.object({ identity: identityHex });

const DATABASE = 'database/';
const NAME = 'name/';
/** Errors of opening a database that are about its stored content. */
const DAMAGES = new Set<string>(['storage/damaged', 'row/not-unique', 'guest/invalid', 'schema/invalid']);
const FORMAT_KEY = 'format';

/** Databases on disk. Every change is synced before its promise resolves. */
class LmdbFolder implements DataFolder {
  readonly #path: string;
  readonly #lock: FolderLock;
  readonly #registry: Environment;
  readonly #databases = new Map<bigint, DatabaseRecord>();
  readonly #names = new Map<string, bigint>();
  readonly #unfinished = new Set<bigint>();
  readonly #open = new Map<bigint, LmdbStorage>();
  readonly #aside: bigint[] = [];
  #closing: Promise<void> | undefined;

  static async open(path: string): Promise<LmdbFolder> {
    refuseLimitedAddressSpace();
    const lock = writable(path, () => {
      for (const folder of [path, join(path, 'databases'), join(path, 'keys')]) makeFolder(folder, 0o700);
      return lockFolder(path);
    });
    try {
      const databases = readdirSync(join(path, 'databases')).filter(isDatabaseFolder);
      await checkEnvironments([join(path, 'registry'), ...databases.map(name => join(path, 'databases', name))]);
      return new LmdbFolder(path, lock);
    } catch (error) {
      lock.release();
      if (error instanceof HostError && error.code === 'storage/damaged') throw withWayOut(error, path);
      throw error;
    }
  }

  private constructor(path: string, lock: FolderLock) {
    this.#path = path;
    this.#lock = lock;
    this.#registry = writable(path, () => openEnvironment(join(path, 'registry')));
    try {
      this.#readRegistry();
      this.#removeLeftovers();
    } catch (error) {
      void this.#registry.close();
      throw error;
    }
  }

  #readRegistry(): void {
    const format = this.#registry.get(FORMAT_KEY);
    if (format && parse.number(format, FORMAT_KEY) !== FORMAT) {
      throw new HostError('storage/damaged', `${this.#path} was written by another version of this program`);
    }
    for (const { key, value } of this.#registry.getRange()) {
      if (key.startsWith(DATABASE)) {
        const { owner, names, isUnfinished, isLocked } = fromJson(databaseRecord, value, key);
        const identity = parseIdentity(key.slice(DATABASE.length));
        if (identity === undefined) throw new HostError('storage/damaged', `the record ${key} cannot be read`);
        if (this.#isAside(identity)) {
          this.#aside.push(identity);
          continue;
        }
        this.#databases.set(identity, { identity, owner, names, isLocked });
        if (isUnfinished) this.#unfinished.add(identity);
      } else if (key.startsWith(NAME)) {
        this.#names.set(key.slice(NAME.length), fromJson(nameRecord, value, key).identity);
      }
    }
    if (format) return;
    // A lost registry would look like a new one, and all databases like leftovers.
    if (this.#databases.size === 0 && readdirSync(join(this.#path, 'databases')).some(isDatabaseFolder)) {
      throw new HostError('storage/damaged', `${join(this.#path, 'registry')} is empty, but there are databases`);
    }
    writable(this.#path, () => this.#registry.putSync(FORMAT_KEY, records.number(FORMAT)));
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
    this.#unfinished.add(record.identity);
    await this.#keep(record, []);
  }

  async finishDatabase(identity: bigint): Promise<void> {
    const record = this.#databases.get(identity);
    assert(record, 'a database that exists is finished');
    if (this.#unfinished.delete(identity)) await this.#keep(record, record.names);
  }

  isUnfinished(identity: bigint): boolean {
    return this.#unfinished.has(identity);
  }

  async setNames(identity: bigint, names: readonly string[]): Promise<void> {
    const record = this.#databases.get(identity);
    assert(record, 'names are given to a database that exists');
    await this.#keep({ ...record, names }, record.names);
  }

  async setLocked(identity: bigint, isLocked: boolean): Promise<void> {
    const record = this.#databases.get(identity);
    assert(record, 'a database that exists is locked');
    await this.#keep({ ...record, isLocked: isLocked || undefined }, record.names);
  }

  async #keep(record: DatabaseRecord, formerNames: readonly string[]): Promise<void> {
    const { identity, owner, names, isLocked } = record;
    for (const name of names) {
      const taken = this.#names.get(name);
      assert(taken === undefined || taken === identity, `the name ${name} is free`);
    }
    const freed = formerNames.filter(name => !names.includes(name));
    const isUnfinished = this.#unfinished.has(identity) || undefined;
    await this.#write(() => {
      for (const name of freed) void this.#registry.remove(NAME + name);
      for (const name of names) void this.#registry.put(NAME + name, toJson({ identity: identityToHex(identity) }));
      const kept = { owner: identityToHex(owner), names, isUnfinished, isLocked };
      void this.#registry.put(DATABASE + identityToHex(identity), toJson(kept));
    });
    for (const name of freed) this.#names.delete(name);
    for (const name of names) this.#names.set(name, identity);
    this.#databases.set(identity, record);
  }

  async #write(change: () => void): Promise<void> {
    try {
      await this.#registry.batch(change);
    } catch (error) {
      const cause = await commitErrorOf(error);
      throw new HostError('storage/write-failed', `${this.#path} cannot be written (${messageOf(cause)})`, { cause });
    }
  }

  openStorage(identity: bigint): Promise<LmdbStorage> {
    assert(this.#databases.has(identity), 'storage is opened for a database that exists');
    const folder = this.#folderOf(identity);
    const storage = writable(folder, () => LmdbStorage.open(folder));
    this.#open.set(identity, storage);
    syncPath(folder);
    syncPath(dirname(folder));
    if (storage.durable > 0 || this.#unfinished.has(identity)) return Promise.resolve(storage);
    throw new HostError('storage/damaged', `${folder} has lost its content`);
  }

  explain(identity: bigint, cause: unknown): unknown {
    const isAboutRows = cause instanceof HostError && DAMAGES.has(cause.code);
    if (!isAboutRows) return cause;
    const name = this.#databases.get(identity)?.names[0];
    const which = `the database ${name ?? identityToHex(identity)} in ${this.#folderOf(identity)} cannot be opened`;
    return withWayOut(new HostError('storage/damaged', `${which}: ${cause.message}`, { cause }), this.#path);
  }

  async dropDatabase(identity: bigint): Promise<void> {
    await this.#open.get(identity)?.close();
    this.#open.delete(identity);
    await this.#write(() => void this.#registry.remove(DATABASE + identityToHex(identity)));
    this.#databases.delete(identity);
    this.#unfinished.delete(identity);
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
    syncPath(dirname(path));
    return secret;
  }

  async backup(target: string): Promise<Backup> {
    let bytes = 0;
    const folder = await makeWhole(target, async partial => {
      bytes += await copyEnvironment(this.#registry, join(partial, 'registry'));
      makeFolder(join(partial, 'databases'), 0o700);
      for (const identity of this.#databases.keys()) {
        const storage = this.#open.get(identity) ?? (await this.openStorage(identity));
        bytes += await storage.copyTo(join(partial, 'databases', identityToHex(identity)));
      }
      for (const identity of this.#aside) makeFolder(join(partial, 'databases', `${identityToHex(identity)}.aside`));
      copyFiles(join(this.#path, 'keys'), join(partial, 'keys'));
      syncPath(join(partial, 'databases'));
      syncPath(partial);
    });
    return { folder, databases: this.#databases.size, bytes };
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

  /** Returns true if the operator has set a damaged database aside, to start without it. */
  #isAside(identity: bigint): boolean {
    const folder = this.#folderOf(identity);
    return !existsSync(folder) && existsSync(`${folder}.aside`);
  }

  /** Removes folders without a record: a crash while a database is dropped leaves its folder. */
  #removeLeftovers(): void {
    for (const name of readdirSync(join(this.#path, 'databases'))) {
      const identity = parseIdentity(name);
      if (identity === undefined || this.#databases.has(identity)) continue;
      rmSync(join(this.#path, 'databases', name), { recursive: true, force: true });
    }
  }
}

/**
 * Opens a folder on disk and creates it if it is missing. Existing environments are first read from end to end. Throws
 * `storage/no-room`, `storage/folder-in-use`, `storage/folder-unwritable` or `storage/damaged`.
 */
export function openDataFolder(path: string): Promise<DataFolder> {
  return LmdbFolder.open(path);
}

function writable<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    throw new HostError('storage/folder-unwritable', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function isDatabaseFolder(name: string): boolean {
  return parseIdentity(name) !== undefined;
}

/** The error with the operator's remedies for a damaged folder. */
function withWayOut(cause: HostError, path: string): HostError {
  const aside = `to start without that database, rename its folder in ${join(path, 'databases')} to HEX.aside`;
  return new HostError('storage/damaged', `${cause.message}. Restore ${path} from a backup; ${aside}`, { cause });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

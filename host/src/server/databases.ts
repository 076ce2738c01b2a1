// The databases of a host: lookup by name or identity, publish, rename, delete. Changes run one after the other.

import { join } from 'node:path';
import { Database } from '../database.ts';
import { LogFile } from '../database/log-file.ts';
import { ScriptFile } from '../database/script-file.ts';
import type { SystemVariables } from '../query/source.ts';
import { identityToHex, parseIdentity } from '../sats/hex.ts';
import type { Backup } from '../storage/folder-copy.ts';
import type { DataFolder, DatabaseRecord } from '../storage/data-folder.ts';
import { createMemoryStorage } from '../storage/memory-storage.ts';
import type { Storage } from '../storage/storage.ts';
import type { Timer, World } from '../world.ts';
import type { SharedLimits } from './client.ts';
import { Clients } from './clients.ts';
import type { HostLimits } from './host-limits.ts';
import { HttpError } from './exchange.ts';
import { breakToken } from './program-hash.ts';

/** A running database and its clients. */
export interface OpenDatabase {
  readonly identity: bigint;
  readonly database: Database;
  /** @internal */
  readonly clients: Clients;
  readonly variables: SystemVariables;
}

/** The result of publishing. */
export interface Published {
  readonly identity: bigint;
  readonly name: string | undefined;
  readonly operation: 'created' | 'updated';
}

/** What a publish may do beyond a compatible update. */
export interface PublishPermissions {
  /** All data is deleted first. */
  readonly isCleared: boolean;
  /** Clients may be disconnected: never, always, or with the token that `pre_publish` returned. */
  readonly breaksClients: 'never' | 'always' | { readonly token: string | undefined };
}

/** Options that the databases of a host share. */
export interface DatabasesOptions {
  readonly folder: DataFolder;
  readonly world: World;
  readonly limits: HostLimits;
  /** Runs each module in a process of its own. */
  readonly isIsolated: boolean;
  readonly shared: SharedLimits;
  /** The folder of module logs; without it they are kept in memory only. */
  readonly logFolder: string | undefined;
  /** The folder of transformed bundles; it makes the next start faster. */
  readonly cacheFolder: string | undefined;
  /** Makes an unused identity. */
  readonly createIdentity: () => bigint;
  /** Returns true if the modules of an owner are trusted with this process (see `DatabaseOptions`). */
  readonly trusts: (owner: bigint) => boolean;
  /** Is called with sentences for the operator. */
  readonly report: (message: string) => void;
}

/** A module that was not called for one to two of these periods, and has no clients, is loaded again with its next call. */
const REST_AFTER_MS = 5 * 60_000;

/** Finds, publishes, renames and deletes the databases of a host. Throws `HttpError` for refused requests. */
export class Databases {
  readonly #options: DatabasesOptions;
  readonly #open = new Map<bigint, OpenDatabase>();
  #lastChange: Promise<unknown> = Promise.resolve();
  #restTimer: Timer;

  private constructor(options: DatabasesOptions) {
    this.#options = options;
    this.#restTimer = this.#restLater();
  }

  /** Opens every database of the folder. */
  static async open(options: DatabasesOptions): Promise<Databases> {
    const databases = new Databases(options);
    for (const record of options.folder.databases()) await databases.#restart(record);
    return databases;
  }

  /** The identity behind a name or 64 hex digits, also of a deleted database. */
  identityOf(nameOrIdentity: string): bigint {
    const identity = parseIdentity(nameOrIdentity) ?? this.#options.folder.identityOf(nameOrIdentity);
    if (identity === undefined) throw new HttpError(404, `\`${nameOrIdentity}\` not found`);
    return identity;
  }

  open(nameOrIdentity: string): OpenDatabase {
    const open = this.#open.get(this.identityOf(nameOrIdentity));
    if (open === undefined) throw new HttpError(404, 'No such database.');
    return open;
  }

  namesOf(identity: bigint): readonly string[] {
    return this.#options.folder.database(identity)?.names ?? [];
  }

  ownedBy(owner: bigint): bigint[] {
    return this.#options.folder
      .databases()
      .filter(record => record.owner === owner)
      .map(record => record.identity);
  }

  /** Throws `HttpError` unless `caller` owns the database. */
  authorize(identity: bigint, caller: bigint, action: string): void {
    const record = this.#options.folder.database(identity);
    if (record === undefined) throw new HttpError(404, 'No such database.');
    if (record.owner === caller) return;
    const callerHex = identityToHex(caller);
    throw new HttpError(
      403,
      `${callerHex} is not authorized to perform action on database ${identityToHex(identity)}: ${action}`,
    );
  }

  /** An open database by name or identity; undefined if there is none. */
  find(nameOrIdentity: string): OpenDatabase | undefined {
    const identity = parseIdentity(nameOrIdentity) ?? this.#options.folder.identityOf(nameOrIdentity);
    return identity === undefined ? undefined : this.#open.get(identity);
  }

  /** Creates a database without a name. */
  create(owner: bigint, bundle: Uint8Array): Promise<Published> {
    return this.#change(async () => {
      const identity = this.#options.createIdentity();
      await this.#create({ identity, owner, names: [] }, bundle);
      return { identity, name: undefined, operation: 'created' };
    });
  }

  /** Creates a database with a name, or replaces the module of the database that has it. */
  publish(
    nameOrIdentity: string,
    publisher: bigint,
    bundle: Uint8Array,
    allowed: PublishPermissions,
  ): Promise<Published> {
    const name = parseIdentity(nameOrIdentity) === undefined ? nameOrIdentity : undefined;
    return this.#change(async () => {
      const identity = parseIdentity(nameOrIdentity) ?? this.#options.folder.identityOf(nameOrIdentity);
      const record = identity === undefined ? undefined : this.#options.folder.database(identity);
      if (record === undefined) {
        if (name === undefined) throw new HttpError(404, 'No such database.');
        // A name keeps its identity, even after that database was deleted.
        const created = { identity: identity ?? this.#options.createIdentity(), owner: publisher, names: [name] };
        await this.#create(created, bundle);
        return { identity: created.identity, name, operation: 'created' };
      }
      this.authorize(record.identity, publisher, 'update database');
      if (allowed.isCleared) await this.#recreate(record, bundle);
      else await this.#update(record.identity, bundle, allowed);
      return { identity: record.identity, name, operation: 'updated' };
    });
  }

  addName(identity: bigint, name: string): Promise<void> {
    return this.#change(async () => {
      if (this.#options.folder.identityOf(name) !== undefined) throw nameTaken(name);
      await this.#options.folder.setNames(identity, [...this.namesOf(identity), name]);
    });
  }

  /** Replaces all names of a database. Refuses a name of another database. */
  setNames(identity: bigint, names: readonly string[]): Promise<void> {
    return this.#change(async () => {
      for (const name of names) {
        const taken = this.#options.folder.identityOf(name);
        if (taken !== undefined && taken !== identity) throw nameTaken(name);
      }
      await this.#options.folder.setNames(identity, [...new Set(names)]);
    });
  }

  /** Locks a database against deletion, or unlocks it. */
  lock(identity: bigint, isLocked: boolean): Promise<void> {
    return this.#change(() => this.#options.folder.setLocked(identity, isLocked));
  }

  /** All running databases. */
  all(): IterableIterator<OpenDatabase> {
    return this.#open.values();
  }

  delete(identity: bigint): Promise<void> {
    return this.#change(async () => {
      if (this.#options.folder.database(identity)?.isLocked === true)
        throw new HttpError(403, 'The database is locked: unlock it before it is deleted.');
      await this.#stop(identity);
      await this.#options.folder.dropDatabase(identity);
      const logPath = this.#logPath(identity);
      if (logPath !== undefined) LogFile.remove(logPath);
      const scriptPath = this.#scriptPath(identity);
      if (scriptPath !== undefined) ScriptFile.remove(scriptPath);
    });
  }

  /** Copies everything into a folder; databases keep running, but none is created or deleted during the copy. */
  backup(target: string): Promise<Backup> {
    return this.#change(() => this.#options.folder.backup(target));
  }

  /** Disconnects all clients and writes all pending commits. */
  async close(): Promise<void> {
    this.#restTimer.cancel();
    await this.#change(async () => {
      await Promise.all([...this.#open.keys()].map(identity => this.#stop(identity)));
    });
  }

  /** Frees the memory of modules without use: most of the databases of a host with many are idle. */
  #restLater(): Timer {
    return this.#options.world.setTimer(REST_AFTER_MS, () => {
      for (const { database, clients } of this.#open.values()) if (clients.count === 0) database.restUnlessUsed();
      this.#restTimer = this.#restLater();
    });
  }

  async #update(identity: bigint, bundle: Uint8Array, { breaksClients }: PublishPermissions): Promise<void> {
    const open = this.#open.get(identity);
    if (open === undefined) throw new HttpError(404, 'No such database.');
    if (typeof breaksClients === 'object') checkBreakToken(open, bundle, breaksClients.token);
    open.database.update(bundle, breaksClients !== 'never');
    await open.database.whenDurable(open.database.datastore.commitNumber);
  }

  async #recreate(record: DatabaseRecord, bundle: Uint8Array): Promise<void> {
    await this.#validate(record, bundle);
    await this.#stop(record.identity);
    await this.#options.folder.dropDatabase(record.identity);
    await this.#create(record, bundle);
  }

  async #create(record: DatabaseRecord, bundle: Uint8Array): Promise<void> {
    const { maxDatabases } = this.#options.limits;
    if (this.#open.size >= maxDatabases) {
      throw new HttpError(403, `this host has room for ${maxDatabases} databases: delete one first`);
    }
    await this.#validate(record, bundle);
    await this.#options.folder.createDatabase(record);
    try {
      await this.#start(record, bundle);
      await this.#options.folder.finishDatabase(record.identity);
    } catch (error) {
      await this.#stop(record.identity);
      await this.#options.folder.dropDatabase(record.identity);
      throw error;
    }
  }

  /** Starts a module once in memory: one that fails to start must not take a name. */
  async #validate({ identity, owner }: DatabaseRecord, bundle: Uint8Array): Promise<void> {
    const { world, trusts, limits, isIsolated } = this.#options;
    const trustsModule = trusts(owner);
    const storage = createMemoryStorage();
    const database = await Database.open({
      storage,
      world,
      identity,
      owner,
      bundle,
      trustsModule,
      callLimits: limits,
      ...(isIsolated && { isolatedBytes: limits.isolatedBytes }),
    });
    await database.close();
  }

  async #restart(record: DatabaseRecord): Promise<void> {
    const { folder } = this.#options;
    try {
      const storage = await folder.openStorage(record.identity);
      // The process ended while the database was being created, before its publisher got an answer.
      if (storage.durable === 0) return await folder.dropDatabase(record.identity);
      await this.#run(record, storage, undefined);
      await folder.finishDatabase(record.identity);
    } catch (cause) {
      throw folder.explain(record.identity, cause);
    }
  }

  async #start(record: DatabaseRecord, bundle: Uint8Array): Promise<void> {
    await this.#run(record, await this.#options.folder.openStorage(record.identity), bundle);
  }

  async #run({ identity, owner }: DatabaseRecord, storage: Storage, bundle: Uint8Array | undefined): Promise<void> {
    const { world, limits, shared, report, trusts, isIsolated } = this.#options;
    const trustsModule = trusts(owner);
    const logPath = this.#logPath(identity);
    const scriptPath = this.#scriptPath(identity);
    try {
      const database = await Database.open({
        storage,
        world,
        identity,
        owner,
        trustsModule,
        callLimits: limits,
        ...(isIsolated && { isolatedBytes: limits.isolatedBytes }),
        ...(logPath !== undefined && { logPath }),
        ...(scriptPath !== undefined && { scriptPath }),
        ...(bundle && { bundle }),
      });
      const { variables } = database;
      const clients = new Clients(database, variables, limits, shared, report);
      this.#open.set(identity, { identity, database, clients, variables });
    } catch (error) {
      await storage.close();
      throw error;
    }
  }

  async #stop(identity: bigint): Promise<void> {
    const open = this.#open.get(identity);
    if (open === undefined) return;
    this.#open.delete(identity);
    await open.clients.close();
    await open.database.close();
  }

  #logPath(identity: bigint): string | undefined {
    const { logFolder } = this.#options;
    return logFolder === undefined ? undefined : join(logFolder, `${identityToHex(identity)}.log`);
  }

  #scriptPath(identity: bigint): string | undefined {
    const { cacheFolder } = this.#options;
    return cacheFolder === undefined ? undefined : join(cacheFolder, `${identityToHex(identity)}.script`);
  }

  /** Runs changes one after the other; a failed change does not block the next. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastChange.then(change);
    this.#lastChange = result.catch(() => undefined);
    return result;
  }
}

/** Checks that the publisher has seen the plan for exactly these two modules. */
function checkBreakToken({ identity, database }: OpenDatabase, bundle: Uint8Array, given: string | undefined): void {
  if (given === undefined) {
    throw new HttpError(400, 'Migration policy is set to `BreakClients`, but no migration token was provided.');
  }
  const isHex = /^(0x)?[0-9a-f]{1,64}$/i.test(given);
  const token = isHex ? BigInt(`0x${given.replace(/^0x/i, '')}`) : undefined;
  if (token !== breakToken(identity, database.programBytes, bundle)) {
    throw new HttpError(400, 'Migration token is invalid: the database or the module changed since it was given.');
  }
}

function nameTaken(name: string): HttpError {
  return new HttpError(500, `record with the name ${name} already exists`);
}

// Commits on disk, in one LMDB environment a database. See STORAGE.md for what is promised and why it holds.

import { open, type Database, type RootDatabase } from 'lmdb';
import type { Commit, TableChange } from '../datastore/commit.ts';
import type { StoredRow } from '../datastore/datastore.ts';
import { HostError, messageOf } from '../errors.ts';
import { DurableNumber } from './durable-number.ts';
import { FORMAT, META, parse, readRowKey, records, ROW_KEY_BYTES, writeRowKey } from './lmdb-records.ts';
import type { CommitExtra, Storage, StoredState, StoredTable } from './storage.ts';

/** A backlog above this asks callers to wait, above the second one refuses them. */
const ROOM_BYTES = 16 * 2 ** 20;
const REFUSED_BYTES = 256 * 2 ** 20;

/** What a commit weighs in the backlog besides its rows. */
const COMMIT_BYTES = 100;
const ROW_OVERHEAD_BYTES = 50;

const CLOSE_TIMEOUT_MS = 30_000;

interface Waiting {
  readonly commit: Commit;
  readonly extra: CommitExtra;
  readonly bytes: number;
}

type Rows = Database<Buffer, Buffer>;
type Meta = Database<Buffer, string>;

/** How every environment of a data folder is opened; STORAGE.md says why. */
export function openEnvironment(path: string): RootDatabase<Buffer, string> {
  const options = { path, encoding: 'binary', overlappingSync: false, permissionsMode: 0o600, maxDbs: 4 } as const;
  return open<Buffer, string>(options);
}

/** The sibling with a disk: one batch is being written at a time, and all that comes meanwhile is the next. */
export class LmdbStorage implements Storage {
  readonly #env: RootDatabase<Buffer, string>;
  readonly #rows: Rows;
  readonly #meta: Meta;
  readonly #tableNumbers = new Map<string, number>();
  /** Values handed in and not yet written, by name. */
  readonly #freshMeta = new Map<string, Uint8Array | undefined>();
  readonly #durable: DurableNumber;
  #waiting: Waiting[] = [];
  #backlogBytes = 0;
  #writing: Promise<void> | undefined;
  #roomWaiters: (() => void)[] = [];
  #failure: HostError | undefined;
  readonly #failed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  /** Opens or makes the environment in a folder. Throws `storage/damaged` if another format is in it. */
  static open(path: string): LmdbStorage {
    return new LmdbStorage(openEnvironment(path), path);
  }

  private constructor(env: RootDatabase<Buffer, string>, path: string) {
    this.#env = env;
    this.#rows = env.openDB<Buffer, Buffer>('rows', { encoding: 'binary', keyEncoding: 'binary' });
    this.#meta = env.openDB<Buffer, string>('meta', { encoding: 'binary' });
    const format = this.#meta.get(META.format);
    if (format && parse.number(format, META.format) !== FORMAT) {
      throw new HostError('storage/damaged', `${path} was written by another version of this program`);
    }
    if (!format) this.#meta.putSync(META.format, records.number(FORMAT));
    for (const [name, value] of this.#metaUnder('table/')) this.#tableNumbers.set(name, parse.number(value, name));
    const commit = this.#meta.get(META.commit);
    this.#durable = new DurableNumber(commit ? parse.number(commit, META.commit) : 0);
  }

  load(): StoredState {
    const tables: StoredTable[] = [];
    for (const [name, number] of this.#tableNumbers)
      tables.push({ name, rows: { [Symbol.iterator]: () => this.#rowsOf(number) } });
    return {
      commitNumber: this.#durable.current,
      tables,
      sequences: Array.from(this.#metaUnder('sequence/'), ([name, value]) => parse.sequence(value, name)),
      clients: Array.from(this.#metaUnder('client/'), ([name, value]) => parse.client(value, name)),
    };
  }

  getMeta(name: string): Uint8Array | undefined {
    return this.#freshMeta.has(name) ? this.#freshMeta.get(name) : this.#meta.get(META.user(name));
  }

  append(commit: Commit, extra: CommitExtra = {}): void {
    if (this.#failure) throw this.#failure;
    // What could throw happens here: inside a batch it would leave half a commit behind.
    let bytes = COMMIT_BYTES;
    for (const { table, inserts, deletes } of commit.changes) {
      if (!table.isStored) continue;
      checkKey(META.table(table.def.name));
      bytes += ROW_OVERHEAD_BYTES * (inserts.length + deletes.length);
      for (const row of inserts) bytes += row.bytes.length;
    }
    for (const { table, name } of commit.sequences) checkKey(META.sequence(table.def.name, name));
    for (const [name, value] of Object.entries(extra.meta ?? {})) {
      checkKey(META.user(name));
      this.#freshMeta.set(name, value);
      bytes += value?.length ?? 0;
    }
    this.#durable.take(commit.number);
    this.#waiting.push({ commit, extra, bytes });
    this.#backlogBytes += bytes;
    // Calls of one turn go into one batch, and so does all that comes while a batch is under way.
    if (this.#waiting.length === 1 && !this.#writing) setImmediate(() => this.#writeNext());
  }

  get durable(): number {
    return this.#durable.current;
  }
  whenDurable(number: number): Promise<void> {
    return this.#durable.when(number);
  }
  onDurable(listener: (durable: number) => void): () => void {
    return this.#durable.listen(listener);
  }

  get refusal(): HostError | undefined {
    if (this.#failure) return this.#failure;
    return this.#backlogBytes > REFUSED_BYTES ? new HostError('storage/overloaded') : undefined;
  }
  get backlogBytes(): number {
    return this.#backlogBytes;
  }
  whenRoom(): Promise<void> {
    if (this.#backlogBytes <= ROOM_BYTES || this.#failure) return Promise.resolve();
    return new Promise(resolve => this.#roomWaiters.push(resolve));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#fail(new HostError('storage/write-failed', `the disk did not finish within ${CLOSE_TIMEOUT_MS} ms`));
    }, CLOSE_TIMEOUT_MS);
    while (!this.#failure && (this.#writing || this.#waiting.length > 0)) {
      this.#writeNext();
      await Promise.race([this.#writing, this.#failed.promise]);
    }
    clearTimeout(timer);
    this.#fail(new HostError('database/closed'));
    // An environment whose writing thread is stuck would take this one with it.
    if (!isLate) await this.#env.close();
  }

  #writeNext(): void {
    if (this.#writing || this.#waiting.length === 0 || this.#failure) return;
    const batch = this.#takeBatch();
    this.#writing = this.#write(batch).then(
      () => this.#written(batch),
      (error: unknown) => this.#fail(writeFailed(error)),
    );
  }

  /** All that waits; but dropping a table looks for its rows on disk, so a commit that does begins a batch. */
  #takeBatch(): readonly Waiting[] {
    const isDrop = ({ extra }: Waiting, at: number): boolean => at > 0 && (extra.droppedTables?.length ?? 0) > 0;
    const end = this.#waiting.findIndex(isDrop);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  /** Puts whole commits into one LMDB transaction; resolves when it is synced. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    await this.#env.batch(() => {
      for (const { commit, extra } of batch) {
        for (const name of extra.droppedTables ?? []) this.#dropTable(name);
        for (const change of commit.changes) if (change.table.isStored) this.#writeChange(change);
        for (const { table, name, reserved } of commit.sequences) {
          const record = records.sequence({ table: table.def.name, name, reserved });
          if (table.isStored) void this.#meta.put(META.sequence(table.def.name, name), record);
        }
        this.#writeExtra(extra);
      }
      const last = batch.at(-1);
      if (last) void this.#meta.put(META.commit, records.number(last.commit.number));
    });
  }

  #written(batch: readonly Waiting[]): void {
    this.#writing = undefined;
    let number = this.#durable.current;
    for (const { commit, extra, bytes } of batch) {
      number = commit.number;
      this.#backlogBytes -= bytes;
      for (const [name, value] of Object.entries(extra.meta ?? {})) {
        if (this.#freshMeta.get(name) === value) this.#freshMeta.delete(name);
      }
    }
    this.#writeNext();
    this.#durable.rise(number);
    if (this.#backlogBytes <= ROOM_BYTES) this.#letIn();
  }

  #fail(error: HostError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#waiting = [];
    this.#backlogBytes = 0;
    this.#durable.fail(error);
    this.#failed.resolve();
    this.#letIn();
  }

  #letIn(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #writeChange({ table, inserts, deletes }: TableChange): void {
    const number = this.#numberOf(table.def.name);
    if (deletes.length > 0) {
      // An update is one put: its delete has the key that the insert overwrites.
      const kept = inserts.length > 0 ? new Set(inserts.map(row => row.key)) : undefined;
      for (const { key } of deletes) if (!kept?.has(key)) void this.#rows.remove(writeRowKey(rowKey, number, key));
    }
    // The bytes are not copied: they are read by the writing thread, never change, and are held until the batch is written.
    for (const { key, bytes } of inserts) void this.#rows.put(writeRowKey(rowKey, number, key), bytes as Buffer);
  }

  #writeExtra({ connected, disconnected, meta }: CommitExtra): void {
    if (connected) void this.#meta.put(META.client(connected.connectionId), records.client(connected));
    if (disconnected !== undefined) void this.#meta.remove(META.client(disconnected));
    for (const [name, value] of Object.entries(meta ?? {})) {
      if (value) void this.#meta.put(META.user(name), Buffer.from(value));
      else void this.#meta.remove(META.user(name));
    }
  }

  #numberOf(table: string): number {
    let number = this.#tableNumbers.get(table);
    if (number === undefined) {
      number = 1 + Math.max(0, ...this.#tableNumbers.values());
      this.#tableNumbers.set(table, number);
      void this.#meta.put(META.table(table), records.number(number));
    }
    return number;
  }

  #dropTable(name: string): void {
    const number = this.#tableNumbers.get(name);
    if (number === undefined) return;
    for (const { key } of this.#rowsOf(number)) void this.#rows.remove(writeRowKey(rowKey, number, key));
    for (const [sequence] of this.#metaUnder(META.sequence(name, ''))) {
      void this.#meta.remove(META.sequence(name, sequence));
    }
    void this.#meta.remove(META.table(name));
    this.#tableNumbers.delete(name);
  }

  *#rowsOf(number: number): Generator<StoredRow> {
    const start = writeRowKey(Buffer.alloc(ROW_KEY_BYTES), number, 0);
    const end = writeRowKey(Buffer.alloc(ROW_KEY_BYTES), number + 1, 0);
    for (const { key, value } of this.#rows.getRange({ start, end })) yield { key: readRowKey(key).key, bytes: value };
  }

  /** Records whose name begins with a prefix, by what follows it. */
  *#metaUnder(prefix: string): Generator<readonly [name: string, value: Buffer]> {
    for (const { key, value } of this.#meta.getRange({ start: prefix, end: `${prefix}\u{ffff}` })) {
      yield [key.slice(prefix.length), value];
    }
  }
}

/** The key that is being written; it is copied at once. */
const rowKey = Buffer.alloc(ROW_KEY_BYTES);

/** LMDB takes keys of up to 1978 bytes. */
function checkKey(key: string): void {
  if (key.length > 600)
    throw new HostError('storage/write-failed', `the name ${key.slice(0, 60)}… is too long to be stored`);
}

function writeFailed(error: unknown): HostError {
  // The cause comes in a promise of its own, which nobody else looks at.
  if (error instanceof Error && 'commitError' in error) Promise.resolve(error.commitError).catch(() => undefined);
  return new HostError('storage/write-failed', `a commit could not be written: ${messageOf(error)}`, { cause: error });
}

// Commits on disk, in one LMDB environment a database. STORAGE.md lists the guarantees and why they hold.

import type { Database } from 'lmdb';
import type { Commit, TableChange } from '../datastore/commit.ts';
import type { StoredRow } from '../datastore/datastore.ts';
import { HostError, messageOf } from '../errors.ts';
import { copyEnvironment } from './folder-copy.ts';
import { added, type CheckSum, isSameSum, NamedSum, NO_RECORDS, sumOfRow } from './check-sums.ts';
import { DurableNumber } from './durable-number.ts';
import { openEnvironment, type Environment } from './lmdb-environment.ts';
import { netChanges } from './net-changes.ts';
import { FORMAT, META, parse, readRowKey, records, ROW_KEY_BYTES, writeRowKey } from './lmdb-records.ts';
import type { CommitExtra, FailureListener, Storage, StoredState, StoredTable } from './storage.ts';

/** Backlog limits: above the first callers wait, above the second they are refused. */
const ROOM_BYTES = 16 * 2 ** 20;
const REFUSED_BYTES = 256 * 2 ** 20;

/** Size of a commit in the backlog besides its rows. */
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

/** The durable implementation: it writes one batch at a time, and commits that arrive during a write form the next. */
export class LmdbStorage implements Storage {
  readonly #env: Environment;
  readonly #path: string;
  readonly #rows: Rows;
  readonly #meta: Meta;
  readonly #tableNumbers = new Map<string, number>();
  /** The checksum of each table; that of a table from an older version is computed on load. */
  readonly #tableSums = new Map<string, CheckSum>();
  readonly #metaSum = new NamedSum();
  /** Values not yet written, by name. */
  readonly #freshMeta = new Map<string, Uint8Array | undefined>();
  readonly #durable: DurableNumber;
  #waiting: Waiting[] = [];
  #backlogBytes = 0;
  #writing: Promise<void> | undefined;
  #roomWaiters: (() => void)[] = [];
  #failure: HostError | undefined;
  #onFailed: FailureListener = () => {};
  readonly #failed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  /** Opens or creates the environment in a folder. Throws `storage/damaged`, also for another format. */
  static open(path: string): LmdbStorage {
    const env = openEnvironment(path);
    try {
      return new LmdbStorage(env, path);
    } catch (error) {
      void env.close();
      throw error;
    }
  }

  private constructor(env: Environment, path: string) {
    this.#env = env;
    this.#path = path;
    this.#rows = env.openDB<Buffer, Buffer>('rows', { encoding: 'binary', keyEncoding: 'binary' });
    this.#meta = env.openDB<Buffer, string>('meta', { encoding: 'binary' });
    const format = this.#meta.get(META.format);
    if (format && parse.number(format, META.format) !== FORMAT) {
      throw new HostError('storage/damaged', `${path} was written by another version of this program`);
    }
    if (!format) this.#meta.putSync(META.format, records.number(FORMAT));
    this.#checkMeta();
    for (const [name, value] of this.#metaUnder('table/')) this.#tableNumbers.set(name, parse.number(value, name));
    for (const [name, value] of this.#metaUnder(META.tableCheck(''))) {
      this.#tableSums.set(name, parse.check(value, name));
    }
    const commit = this.#meta.get(META.commit);
    this.#durable = new DurableNumber(commit ? parse.number(commit, META.commit) : 0);
  }

  #checkMeta(): void {
    for (const { key, value } of this.#meta.getRange()) if (!isCheck(key)) this.#metaSum.put(key, value);
    const check = this.#meta.get(META.check);
    if (!check || isSameSum(parse.check(check, META.check), this.#metaSum.total)) return;
    throw new HostError('storage/damaged', `the records in ${this.#path} are not those that were written`);
  }

  load(): StoredState {
    const tables: StoredTable[] = [];
    for (const [name, number] of this.#tableNumbers)
      tables.push({ name, rows: { [Symbol.iterator]: () => this.#checkedRows(name, number) } });
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
    // Everything that may throw happens here: inside a batch it would leave a partial commit.
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
    // Calls of one turn of the event loop share a batch, like all calls that arrive while a batch is written.
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

  set onFailed(listener: FailureListener) {
    this.#onFailed = listener;
  }

  get failure(): HostError | undefined {
    return this.#failure;
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

  /** Copies the environment as of its last durable commit; returns the size of the copy. */
  copyTo(folder: string): Promise<number> {
    return copyEnvironment(this.#env, folder);
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
    // Closing an environment whose writing thread is stuck would block this thread.
    if (!isLate) await this.#env.close();
  }

  #writeNext(): void {
    if (this.#writing || this.#waiting.length === 0 || this.#failure) return;
    const batch = this.#takeBatch();
    this.#writing = this.#write(batch).then(
      () => this.#written(batch),
      async (error: unknown) => {
        const failure = writeFailed(await commitErrorOf(error));
        const lost = [...batch, ...this.#waiting].map(({ commit }) => commit);
        if (this.#failure) return;
        this.#fail(failure);
        this.#onFailed(failure, lost);
      },
    );
  }

  /** The commits of the next batch. A commit that drops a table starts its own, because it reads the table's rows on disk. */
  #takeBatch(): readonly Waiting[] {
    const isDrop = ({ extra }: Waiting, at: number): boolean => at > 0 && (extra.droppedTables?.length ?? 0) > 0;
    const end = this.#waiting.findIndex(isDrop);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  /** Writes whole commits in one LMDB transaction; resolves when it is synced. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    await this.#env.batch(() => {
      const touched = new Set<string>();
      for (const { extra } of batch) for (const name of extra.droppedTables ?? []) this.#dropTable(name);
      for (const change of netChanges(batch.map(({ commit }) => commit))) {
        this.#writeChange(change);
        touched.add(change.table.def.name);
      }
      for (const { commit, extra } of batch) {
        for (const { table, name, reserved } of commit.sequences) {
          const record = records.sequence({ table: table.def.name, name, reserved });
          if (table.isStored) this.#putMeta(META.sequence(table.def.name, name), record);
        }
        this.#writeExtra(extra);
      }
      for (const name of touched) {
        const check = this.#tableSums.get(name);
        if (check) void this.#meta.put(META.tableCheck(name), records.check(check));
      }
      const last = batch.at(-1);
      if (last) this.#putMeta(META.commit, records.number(last.commit.number));
      void this.#meta.put(META.check, records.check(this.#metaSum.total));
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

  #writeChange({ table, inserts, deletes, isWhole = false }: TableChange): void {
    const { name } = table.def;
    const number = this.#numberOf(name);
    let sum = isWhole ? NO_RECORDS : this.#tableSums.get(name);
    if (deletes.length > 0) {
      // An update is one put: its insert overwrites the key of its delete.
      const kept = inserts.length > 0 ? new Set(inserts.map(row => row.key)) : undefined;
      for (const { key, bytes } of deletes) {
        if (!kept?.has(key)) void this.#rows.remove(writeRowKey(rowKey, number, key));
        if (sum) sum = added(sum, sumOfRow(key, bytes), -1);
      }
    }
    for (const { key, bytes } of inserts) {
      // The bytes are not copied: the writing thread reads them, they never change, and the batch holds them until written.
      void this.#rows.put(writeRowKey(rowKey, number, key), bytes as Buffer);
      if (sum) sum = added(sum, sumOfRow(key, bytes));
    }
    if (sum) this.#tableSums.set(name, sum);
  }

  #putMeta(key: string, value: Buffer): void {
    this.#metaSum.put(key, value);
    void this.#meta.put(key, value);
  }

  #removeMeta(key: string): void {
    this.#metaSum.remove(key);
    void this.#meta.remove(key);
  }

  #writeExtra({ connected, disconnected, meta }: CommitExtra): void {
    if (connected) this.#putMeta(META.client(connected.connectionId), records.client(connected));
    if (disconnected !== undefined) this.#removeMeta(META.client(disconnected));
    for (const [name, value] of Object.entries(meta ?? {})) {
      if (value) this.#putMeta(META.user(name), Buffer.from(value));
      else this.#removeMeta(META.user(name));
    }
  }

  #numberOf(table: string): number {
    let number = this.#tableNumbers.get(table);
    if (number === undefined) {
      number = 1 + Math.max(0, ...this.#tableNumbers.values());
      this.#tableNumbers.set(table, number);
      this.#tableSums.set(table, NO_RECORDS);
      this.#putMeta(META.table(table), records.number(number));
    }
    return number;
  }

  #dropTable(name: string): void {
    const number = this.#tableNumbers.get(name);
    if (number === undefined) return;
    for (const { key } of this.#rowsOf(number)) void this.#rows.remove(writeRowKey(rowKey, number, key));
    for (const [sequence] of this.#metaUnder(META.sequence(name, ''))) {
      this.#removeMeta(META.sequence(name, sequence));
    }
    this.#removeMeta(META.table(name));
    void this.#meta.remove(META.tableCheck(name));
    this.#tableSums.delete(name);
    this.#tableNumbers.delete(name);
  }

  /** The rows of a table; throws `storage/damaged` after the last one if they do not match the checksum. */
  *#checkedRows(name: string, number: number): Generator<StoredRow> {
    let sum = NO_RECORDS;
    for (const row of this.#rowsOf(number)) {
      sum = added(sum, sumOfRow(row.key, row.bytes));
      yield row;
    }
    const written = this.#tableSums.get(name);
    this.#tableSums.set(name, sum);
    if (!written || isSameSum(written, sum)) return;
    const what = written.count === sum.count ? 'other rows than' : `${sum.count} rows, not the ${written.count}`;
    throw new HostError('storage/damaged', `the table ${name} holds ${what} that were written`);
  }

  *#rowsOf(number: number): Generator<StoredRow> {
    const start = writeRowKey(Buffer.alloc(ROW_KEY_BYTES), number, 0);
    const end = writeRowKey(Buffer.alloc(ROW_KEY_BYTES), number + 1, 0);
    for (const { key, value } of this.#rows.getRange({ start, end })) yield { key: readRowKey(key).key, bytes: value };
  }

  /** Records whose name begins with a prefix, by the rest of the name. */
  *#metaUnder(prefix: string): Generator<readonly [name: string, value: Buffer]> {
    for (const { key, value } of this.#meta.getRange({ start: prefix, end: `${prefix}\u{ffff}` })) {
      yield [key.slice(prefix.length), value];
    }
  }
}

/** Buffer for the key being written; LMDB copies it immediately. */
const rowKey = Buffer.alloc(ROW_KEY_BYTES);

/** LMDB limits keys to 1978 bytes. */
function checkKey(key: string): void {
  if (key.length > 600)
    throw new HostError('storage/write-failed', `the name ${key.slice(0, 60)}… is too long to be stored`);
}

function isCheck(key: string): boolean {
  return key === META.check || key.startsWith(META.tableCheck(''));
}

/** Why LMDB refused a batch, which it reports in a separate promise. */
export async function commitErrorOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    return (await error.commitError) ?? error;
  } catch (cause) {
    return cause;
  }
}

function writeFailed(cause: unknown): HostError {
  // The rest of LMDB's message is a position in the file.
  const why = messageOf(cause).replace(/: Attempting .*$/s, '');
  const wayOut = 'it can be read; to write again, restart the host with a writable disk';
  return new HostError('storage/write-failed', `the database can no longer be written (${why}); ${wayOut}`, { cause });
}

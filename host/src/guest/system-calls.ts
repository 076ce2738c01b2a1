// The host's side of the system calls: each finds its table or index, does the work in the running function's transaction,
// and turns what went wrong into a number.

import { BsatnReader, BsatnError } from '../sats/reader.ts';
import { checkValue } from '../sats/value.ts';
import type { Datastore } from '../datastore/datastore.ts';
import { keyOfBytes } from '../datastore/row-key.ts';
import type { Row } from '../datastore/row.ts';
import type { Index, RangeBound } from '../datastore/table-index.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { HostError, messageOf } from '../errors.ts';
import type { Activation, GuestHooks } from './activation.ts';
import { GuestMemory } from './guest-memory.ts';
import { BUFFER_TOO_SMALL, FAILED, FAILED_BIG, FATAL, type HostSide } from './host-side.ts';
import { BufferTooSmall, RowIterators } from './iterators.ts';
import { requireStackForCommit, requireStackForWrite } from './stack-room.ts';

const EMPTY = new Uint8Array(0);

/** Answers the system calls of one realm. */
export class SystemCalls implements HostSide {
  readonly #hooks: GuestHooks;
  readonly #memory = new GuestMemory();
  readonly #iterators = new RowIterators();
  readonly #timers = new Map<number, { readonly name: string; readonly startedAt: number }>();
  #lastTimer = 0;
  #datastore: Datastore | undefined;
  #running: Activation | undefined;
  #errno = 0;
  #reason = '';
  #neededBytes = 0;
  #outbox: Uint8Array = EMPTY;
  #httpBody: Uint8Array = EMPTY;
  /** Says where in the module a stack points. */
  readonly #lineOf: (stack: string) => number | undefined;

  /** What ended the running call, if the module must not go on: it fails even if the module catches this. */
  fatal: string | undefined;
  results: readonly [Uint8Array, Uint8Array] = [EMPTY, EMPTY];
  thrown = { message: '', text: '', stack: '' };

  constructor(hooks: GuestHooks, lineOf: (stack: string) => number | undefined) {
    this.#hooks = hooks;
    this.#lineOf = lineOf;
  }

  set datastore(datastore: Datastore) {
    this.#datastore = datastore;
  }

  /** Makes a function the running one and returns the one it interrupts; hand that to `leave`. */
  enter(activation: Activation): Activation | undefined {
    const interrupted = this.#running;
    this.#running = activation;
    return interrupted;
  }
  get openIterators(): number {
    return this.#iterators.openCount;
  }
  leave(interrupted: Activation | undefined, openIterators: number): void {
    this.#iterators.releaseFrom(openIterators);
    this.#running = interrupted;
  }

  errno(): number {
    return this.#errno;
  }
  reason(): string {
    return this.#reason;
  }
  neededBytes(): number {
    return this.#neededBytes;
  }

  #fail(cause: unknown): typeof FAILED {
    if (cause instanceof HostError && cause.errno !== undefined) {
      this.#errno = cause.errno;
      this.#reason = cause.message;
    } else {
      // What maps to no number ends the call on SpacetimeDB; here the module may run on, but the call has failed.
      this.#errno = FATAL;
      this.#reason = messageOf(cause);
      this.fatal ??= this.#reason;
    }
    return FAILED;
  }

  /** The transaction to read in. */
  #tx(): Transaction {
    const running = this.#running;
    if (!running) throw new HostError('call/host-failure', 'cannot call this function during module initialization');
    if (!running.tx) throw new HostError('call/not-in-transaction');
    return running.tx;
  }
  #writable(): Transaction {
    const tx = this.#tx();
    if (this.#running?.reads) throw new HostError('call/read-only');
    requireStackForWrite();
    return tx;
  }
  #table(id: number): Table {
    const table = this.#datastore?.table(id);
    if (!table) throw new HostError('table/unknown');
    return table;
  }
  #index(id: number): Index {
    const index = this.#datastore?.index(id);
    if (!index) throw new HostError('index/unknown');
    return index;
  }

  tableId(name: string): number {
    try {
      this.#tx();
      const table = this.#datastore?.tableByName(name);
      if (!table) throw new HostError('table/unknown');
      return table.id;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  indexId(name: string): number {
    try {
      this.#tx();
      const index = this.#datastore?.indexByName(name);
      if (!index) throw new HostError('index/unknown');
      return index.id;
    } catch (cause) {
      return this.#fail(cause);
    }
  }

  rowCount(tableId: number): bigint {
    try {
      this.#tx();
      const table = this.#table(tableId);
      this.#running?.reads?.whole(table);
      return BigInt(table.count);
    } catch (cause) {
      this.#fail(cause);
      return FAILED_BIG;
    }
  }
  scanTable(tableId: number): number {
    try {
      this.#tx();
      const table = this.#table(tableId);
      this.#running?.reads?.whole(table);
      return this.#iterators.open(Array.from(table.rows()));
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  scanPoint(indexId: number, buffer: ArrayBuffer, length: number): number {
    try {
      this.#tx();
      const index = this.#index(indexId);
      const key = keyOfBytes(this.#memory.view(buffer), 0, length);
      this.#running?.reads?.point(index, key);
      if (index.isUnique) {
        const row = index.first(key);
        return row ? this.#iterators.open(row) : 0;
      }
      const rows = index.point(key);
      return rows.length === 0 ? 0 : this.#iterators.open(rows);
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  scanRange(
    indexId: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ): number {
    try {
      this.#tx();
      const index = this.#index(indexId);
      this.#running?.reads?.whole(index.table);
      const rows = this.#range(index, buffer, prefixLength, prefixColumns, startLength, endLength);
      return rows.length === 0 ? 0 : this.#iterators.open(rows);
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  #range(
    index: Index,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ): readonly Row[] {
    const startAt = prefixLength;
    const endAt = startAt + startLength;
    const bytes = this.#memory.bytes(buffer, endAt + endLength);
    const lower = boundOf(bytes.subarray(startAt, endAt));
    const upper = endLength === 0 ? lower : boundOf(bytes.subarray(endAt));
    try {
      return index.range(bytes.subarray(0, prefixLength), prefixColumns, lower, upper);
    } catch (cause) {
      if (cause instanceof BsatnError) throw new HostError('row/undecodable', undefined, { cause });
      throw cause;
    }
  }

  advance(iterator: number, buffer: ArrayBuffer): number {
    try {
      const written = this.#iterators.advance(iterator, this.#memory.view(buffer));
      if (written === undefined) throw new HostError('call/no-such-iterator');
      if (written instanceof BufferTooSmall) {
        this.#errno = BUFFER_TOO_SMALL;
        this.#neededBytes = written.neededBytes;
        return FAILED;
      }
      return written;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  closeIterator(iterator: number): number {
    // Between calls all iterators are gone, and closing one once more is harmless.
    if (this.#iterators.close(iterator) || !this.#running) return 0;
    return this.#fail(new HostError('call/no-such-iterator'));
  }

  insert(tableId: number, buffer: ArrayBuffer, length: number): number {
    try {
      const tx = this.#writable();
      const table = this.#table(tableId);
      const memory = this.#memory.view(buffer);
      const { row, generated } = tx.insert(table, memory.subarray(0, length));
      this.#hooks.checkSchedule(table, row.bytes);
      if (generated.length > 0) memory.set(generated);
      return generated.length;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  update(tableId: number, indexId: number, buffer: ArrayBuffer, length: number): number {
    try {
      const tx = this.#writable();
      const table = this.#table(tableId);
      const index = this.#index(indexId);
      if (index.table !== table) throw new HostError('index/unknown');
      const memory = this.#memory.view(buffer);
      const { row, generated } = tx.update(table, index, memory.subarray(0, length));
      this.#hooks.checkSchedule(table, row.bytes);
      if (generated.length > 0) memory.set(generated);
      return generated.length;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  deletePoint(indexId: number, buffer: ArrayBuffer, length: number): number {
    try {
      const tx = this.#writable();
      const index = this.#index(indexId);
      const key = keyOfBytes(this.#memory.view(buffer), 0, length);
      if (index.isUnique) {
        const row = index.first(key);
        return row && tx.deleteRow(index.table, row) ? 1 : 0;
      }
      return this.#deleteRows(tx, index.table, index.point(key));
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  deleteRange(
    indexId: number,
    buffer: ArrayBuffer,
    prefixLength: number,
    prefixColumns: number,
    startLength: number,
    endLength: number,
  ): number {
    try {
      const tx = this.#writable();
      const index = this.#index(indexId);
      const rows = this.#range(index, buffer, prefixLength, prefixColumns, startLength, endLength);
      return this.#deleteRows(tx, index.table, rows);
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  #deleteRows(tx: Transaction, table: Table, rows: readonly Row[]): number {
    let deleted = 0;
    for (const row of rows.slice()) if (tx.deleteRow(table, row)) deleted++;
    return deleted;
  }
  deleteEqual(tableId: number, buffer: ArrayBuffer, length: number): number {
    try {
      const tx = this.#writable();
      const table = this.#table(tableId);
      const reader = new BsatnReader(this.#memory.bytes(buffer, length));
      let deleted = 0;
      for (let left = reader.u32(); left > 0; left--) {
        const from = reader.at;
        checkValue(table.layout.type, table.layout.typespace, reader);
        if (tx.deleteEqual(table, reader.bytes.subarray(from, reader.at))) deleted++;
      }
      return deleted;
    } catch (cause) {
      if (cause instanceof BsatnError) return this.#fail(new HostError('row/undecodable', undefined, { cause }));
      return this.#fail(cause);
    }
  }
  clear(tableId: number): bigint {
    try {
      return this.#writable().clear(this.#table(tableId));
    } catch (cause) {
      this.#fail(cause);
      return FAILED_BIG;
    }
  }

  scheduleImmediate(reducer: string, buffer: ArrayBuffer, offset: number, length: number): number {
    try {
      this.#hooks.scheduleImmediate(reducer, this.#memory.copy(buffer, offset, length));
      return 0;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  log(level: number, message: string, stack: string): void {
    const functionName = this.#running?.functionName;
    this.#hooks.log({ level, message, functionName, line: this.#lineOf(stack) });
  }
  startTimer(name: string): number {
    this.#timers.set(++this.#lastTimer, { name, startedAt: this.#hooks.monotonic() });
    return this.#lastTimer;
  }
  endTimer(id: number): number {
    const timer = this.#timers.get(id);
    if (!timer) return this.#fail(new HostError('call/no-such-timer'));
    this.#timers.delete(id);
    const spentMs = this.#hooks.monotonic() - timer.startedAt;
    this.log(2, `Timing span "${timer.name}": ${spentMs.toFixed(3)}ms`, '');
    return 0;
  }
  identity(): bigint {
    return this.#hooks.identity;
  }

  jwtPayload(connectionId: bigint): number {
    try {
      this.#tx();
      this.#outbox = this.#hooks.claimsOf(connectionId) ?? EMPTY;
      return this.#outbox.length;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  take(buffer: ArrayBuffer): void {
    this.#memory.view(buffer).set(this.#outbox);
    this.#outbox = EMPTY;
  }
  httpRequest(
    request: ArrayBuffer,
    requestOffset: number,
    requestLength: number,
    bodyText: string | undefined,
    body: ArrayBuffer,
    bodyOffset: number,
    bodyLength: number,
  ): number {
    try {
      const running = this.#running;
      if (!running) this.#tx();
      if (!running?.control || running.tx) throw new HostError('call/would-block');
      const reply = this.#hooks.fetch(
        this.#memory.copy(request, requestOffset, requestLength),
        bodyText ?? this.#memory.copy(body, bodyOffset, bodyLength),
      );
      this.#outbox = reply.response;
      this.#httpBody = reply.body;
      return reply.response.length;
    } catch (cause) {
      return this.#fail(cause);
    }
  }
  httpBodyLength(): number {
    return this.#httpBody.length;
  }
  takeHttpBody(buffer: ArrayBuffer): void {
    this.#memory.view(buffer).set(this.#httpBody);
    this.#httpBody = EMPTY;
  }

  startTransaction(): bigint {
    try {
      const running = this.#running;
      if (!running) throw new HostError('call/host-failure', 'cannot call this function during module initialization');
      if (!running.control || running.tx) throw new HostError('call/would-block');
      requireStackForCommit();
      const { tx, timestamp } = running.control.begin();
      running.tx = tx;
      return timestamp;
    } catch (cause) {
      this.#fail(cause);
      return FAILED_BIG;
    }
  }
  commitTransaction(): number {
    return this.#endTransaction((control, tx) => control.commit(tx));
  }
  abortTransaction(): number {
    return this.#endTransaction((control, tx) => control.rollback(tx));
  }
  #endTransaction(end: (control: NonNullable<Activation['control']>, tx: Transaction) => void): number {
    try {
      const running = this.#running;
      if (!running?.control || !running.tx) throw new HostError('call/not-anonymous');
      requireStackForCommit();
      const { tx } = running;
      running.tx = undefined;
      end(running.control, tx);
      return 0;
    } catch (cause) {
      return this.#fail(cause);
    }
  }

  decodeUtf8(buffer: ArrayBuffer, offset: number, length: number): string {
    return this.#memory.decode(buffer, offset, length);
  }
  isUtf8(buffer: ArrayBuffer, offset: number, length: number): boolean {
    return this.#memory.isUtf8(buffer, offset, length);
  }
  encodeUtf8(text: string, buffer: ArrayBuffer): number {
    return this.#memory.encode(text, buffer);
  }
  utf8Length(text: string): number {
    return Buffer.byteLength(text);
  }

  result(buffer: ArrayBuffer, offset: number, length: number): void {
    this.results = [this.#memory.copy(buffer, offset, length), EMPTY];
  }
  secondResult(buffer: ArrayBuffer, offset: number, length: number): void {
    this.results = [this.results[0], this.#memory.copy(buffer, offset, length)];
  }
  threw(message: string, text: string, stack: string): void {
    this.thrown = { message, text, stack };
  }
}

/** One end of a range: a tag (0 included, 1 excluded, 2 open) and a value. */
function boundOf(bytes: Uint8Array): RangeBound | undefined {
  const tag = bytes[0];
  if (tag === 2 && bytes.length === 1) return undefined;
  if (tag !== 0 && tag !== 1) throw new HostError('row/undecodable', 'the bound of a range has no such tag');
  return { value: bytes.subarray(1), isInclusive: tag === 0 };
}

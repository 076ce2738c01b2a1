// System calls on rows: each finds its table or index and works in the transaction of the running function.
//
// Every method has its own try/catch. A failed lookup, a failed write and a bigint result need different handlers, and a
// shared wrapper would add a closure and a stack frame to every row operation, doubling the cost of an empty call.

import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { checkValue } from '../sats/value.ts';
import { keyOfBytes } from '../datastore/row-key.ts';
import type { Row } from '../datastore/row.ts';
import { type Table, type Index } from '../datastore/table.ts';
import type { RangeBound } from '../datastore/ordered-rows.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { HostError } from '../errors.ts';
import type { GuestHooks } from './activation.ts';
import type { CallState } from './call-state.ts';
import { FAILED_BIG, type RowSide } from './host-side.ts';
import { BufferTooSmall } from './iterators.ts';
import { requireStackForWrite } from './stack-reserve.ts';

/** Handles the row calls of one realm. */
export class RowCalls implements RowSide {
  readonly #state: CallState;
  readonly #hooks: Pick<GuestHooks, 'checkSchedule'>;

  constructor(state: CallState, hooks: Pick<GuestHooks, 'checkSchedule'>) {
    this.#state = state;
    this.#hooks = hooks;
  }

  tableId(name: string): number {
    try {
      this.#state.tx();
      const table = this.#state.datastore?.tableByName(name);
      if (!table) throw new HostError('table/unknown');
      return table.id;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  indexId(name: string): number {
    try {
      this.#state.tx();
      const index = this.#state.datastore?.indexByName(name);
      if (!index) throw new HostError('index/unknown');
      return index.id;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }

  rowCount(tableId: number): bigint {
    try {
      this.#state.tx();
      const table = this.#state.table(tableId);
      this.#state.running?.reads?.whole(table);
      return BigInt(table.count);
    } catch (cause) {
      this.#state.fail(cause);
      return FAILED_BIG;
    }
  }
  scanTable(tableId: number): number {
    try {
      this.#state.tx();
      const table = this.#state.table(tableId);
      this.#state.running?.reads?.whole(table);
      return this.#state.iterators.open(Array.from(table.rows()));
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  scanPoint(indexId: number, buffer: ArrayBuffer, length: number): number {
    try {
      this.#state.tx();
      const index = this.#state.index(indexId);
      const key = keyOfBytes(this.#state.memory.holding(buffer, length), 0, length);
      this.#state.running?.reads?.point(index, key);
      if (index.isUnique) {
        const row = index.first(key);
        return row ? this.#state.iterators.open(row) : 0;
      }
      const rows = index.point(key);
      return rows.length === 0 ? 0 : this.#state.iterators.open(rows);
    } catch (cause) {
      return this.#state.fail(cause);
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
      this.#state.tx();
      const index = this.#state.index(indexId);
      this.#state.running?.reads?.whole(index.table);
      const rows = this.#range(index, buffer, prefixLength, prefixColumns, startLength, endLength);
      return rows.length === 0 ? 0 : this.#state.iterators.open(rows);
    } catch (cause) {
      return this.#state.fail(cause);
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
    const lengths = prefixLength + startLength + endLength;
    const isValid = prefixLength >= 0 && startLength >= 0 && endLength >= 0;
    const bytes = this.#state.memory.bytes(buffer, isValid ? lengths : -1);
    const startAt = prefixLength;
    const endAt = startAt + startLength;
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
      const written = this.#state.iterators.advance(iterator, this.#state.memory.view(buffer));
      if (written === undefined) throw new HostError('call/no-such-iterator');
      if (written instanceof BufferTooSmall) return this.#state.failForSpace(written.neededBytes);
      return written;
    } catch (cause) {
      return this.#state.fail(cause);
    }
  }
  closeIterator(iterator: number): number {
    // Between calls no iterator is open, so closing one then is a no-op.
    if (this.#state.iterators.close(iterator) || !this.#state.running) return 0;
    return this.#state.fail(new HostError('call/no-such-iterator'));
  }

  insert(tableId: number, buffer: ArrayBuffer, length: number): number {
    requireStackForWrite();
    try {
      const tx = this.#state.writable();
      const table = this.#state.table(tableId);
      const memory = this.#state.memory.holding(buffer, length);
      const { row, generated } = tx.insert(table, memory.subarray(0, length));
      this.#hooks.checkSchedule(table, row.bytes);
      if (generated.length > 0) memory.set(generated);
      return generated.length;
    } catch (cause) {
      return this.#state.failWrite(cause);
    }
  }
  update(tableId: number, indexId: number, buffer: ArrayBuffer, length: number): number {
    requireStackForWrite();
    try {
      const tx = this.#state.writable();
      const table = this.#state.table(tableId);
      const index = this.#state.index(indexId);
      if (index.table !== table) throw new HostError('index/unknown');
      const memory = this.#state.memory.holding(buffer, length);
      const { row, generated } = tx.update(table, index, memory.subarray(0, length));
      this.#hooks.checkSchedule(table, row.bytes);
      if (generated.length > 0) memory.set(generated);
      return generated.length;
    } catch (cause) {
      return this.#state.failWrite(cause);
    }
  }
  deletePoint(indexId: number, buffer: ArrayBuffer, length: number): number {
    requireStackForWrite();
    try {
      const tx = this.#state.writable();
      const index = this.#state.index(indexId);
      const key = keyOfBytes(this.#state.memory.holding(buffer, length), 0, length);
      if (index.isUnique) {
        const row = index.first(key);
        return row && tx.deleteRow(index.table, row) ? 1 : 0;
      }
      return this.#deleteRows(tx, index.table, index.point(key));
    } catch (cause) {
      return this.#state.failWrite(cause);
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
    requireStackForWrite();
    try {
      const tx = this.#state.writable();
      const index = this.#state.index(indexId);
      const rows = this.#range(index, buffer, prefixLength, prefixColumns, startLength, endLength);
      return this.#deleteRows(tx, index.table, rows);
    } catch (cause) {
      return this.#state.failWrite(cause);
    }
  }
  #deleteRows(tx: Transaction, table: Table, rows: readonly Row[]): number {
    let deleted = 0;
    for (const row of rows.slice()) if (tx.deleteRow(table, row)) deleted++;
    return deleted;
  }
  deleteEqual(tableId: number, buffer: ArrayBuffer, length: number): number {
    requireStackForWrite();
    try {
      const tx = this.#state.writable();
      const table = this.#state.table(tableId);
      const reader = new BsatnReader(this.#state.memory.bytes(buffer, length));
      let deleted = 0;
      // Rows without bytes are all the same row.
      const count = table.layout.fixedSize === 0 ? Math.min(reader.u32(), 1) : reader.u32();
      for (let left = count; left > 0; left--) {
        const from = reader.at;
        checkValue(table.layout.type, table.layout.typespace, reader);
        if (tx.deleteEqual(table, reader.bytes.subarray(from, reader.at))) deleted++;
      }
      return deleted;
    } catch (cause) {
      if (cause instanceof BsatnError)
        return this.#state.failWrite(new HostError('row/undecodable', undefined, { cause }));
      return this.#state.failWrite(cause);
    }
  }
  clear(tableId: number): bigint {
    requireStackForWrite();
    try {
      return this.#state.writable().clear(this.#state.table(tableId));
    } catch (cause) {
      this.#state.failWrite(cause);
      return FAILED_BIG;
    }
  }
}

/** One end of a range: a tag (0 included, 1 excluded, 2 open) and a value. */
function boundOf(bytes: Uint8Array): RangeBound | undefined {
  const tag = bytes[0];
  if (tag === 2 && bytes.length === 1) return undefined;
  if (tag !== 0 && tag !== 1) throw new HostError('row/undecodable', 'the bound of a range has an unknown tag');
  return { value: bytes.subarray(1), isInclusive: tag === 0 };
}

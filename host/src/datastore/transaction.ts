// A transaction: writes in place and can roll back.

import { assert, HostError } from '../errors.ts';
import type { Commit, TableChange } from './commit.ts';
import { Row } from './row.ts';
import { isSameBytes } from './row-key.ts';
import { type Table, type Index } from './table.ts';
import { type RowChange, TableChanges } from './table-changes.ts';

/** The written row, and the columns that a sequence filled in. */
export interface Written {
  readonly row: Row;
  /** BSATN of the generated columns only, concatenated in schema order; empty if none was generated. */
  readonly generated: Uint8Array;
}

/** Callbacks from a transaction to its datastore. */
export interface TransactionHost {
  /** A sequence of the table reserved a new block. */
  sequenceReserved(table: Table, at: number): void;
  /** The transaction has ended; returns a commit of its changes. */
  committed(changes: readonly TableChange[]): Commit;
  rolledBack(): void;
}

const NOTHING = new Uint8Array(0);

/** The open transaction of a datastore. Every write is immediately visible to readers. */
export class Transaction {
  readonly #host: TransactionHost;
  readonly #touched: Table[] = [];
  #isOpen = true;

  constructor(host: TransactionHost) {
    this.#host = host;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Inserts a copy of a row, with its auto-increment columns filled where they are 0. Inserting an existing row is a no-op.
   * Throws `row/not-unique`, having changed nothing but the sequences, or `BsatnError` for a malformed row.
   */
  insert(table: Table, bytes: Uint8Array): Written {
    const changes = this.#changesOf(table);
    const copy = table.slab.place(bytes);
    table.layout.check(copy);
    const generated = this.#generate(table, copy);
    const holder = table.readKeys(copy);
    if (holder) {
      if (isSameBytes(holder.bytes, copy)) return { row: holder, generated };
      throw new HostError('row/not-unique');
    }
    const deleted = changes.findDeleted(copy);
    if (deleted) {
      table.putRead(deleted);
      changes.restored(deleted);
      return { row: deleted, generated };
    }
    const row = new Row(copy, table.newRowKey());
    table.slab.keep(copy);
    table.putRead(row);
    changes.inserted(row);
    return { row, generated };
  }

  /**
   * Replaces the row that has the same key in a unique index; its storage key stays. Throws `index/not-unique`,
   * `row/not-found`, `row/not-unique` or `BsatnError`, having changed nothing but the sequences.
   */
  update(table: Table, index: Index, bytes: Uint8Array): Written {
    assert(index.table === table, `index ${index.def.name} is one of ${table.def.name}`);
    if (!index.isUnique) throw new HostError('index/not-unique');
    const changes = this.#changesOf(table);
    const copy = table.slab.place(bytes);
    table.layout.check(copy);
    const generated = this.#generate(table, copy);
    const old = index.first(index.keyOf(copy));
    if (!old) throw new HostError('row/not-found');
    if (isSameBytes(old.bytes, copy)) return { row: old, generated };
    if (table.readKeys(copy, old)) throw new HostError('row/not-unique');
    const deleted = changes.findDeleted(copy);
    const row = deleted ?? new Row(copy, old.key);
    table.replace(old, row);
    changes.deleted(old);
    if (deleted) {
      changes.restored(deleted);
    } else {
      table.slab.keep(copy);
      changes.tookOverKey(row);
    }
    return { row, generated };
  }

  /** Deletes a row; returns false if it is no longer in the table. */
  deleteRow(table: Table, row: Row): boolean {
    if (!TableChanges.isPresent(row)) return false;
    const changes = this.#changesOf(table);
    table.remove(row);
    changes.deleted(row);
    return true;
  }

  /** Deletes the row with exactly these bytes; returns false if there is none. Throws `BsatnError` for a malformed row. */
  deleteEqual(table: Table, bytes: Uint8Array): boolean {
    table.layout.check(bytes);
    const row = table.rowEqual(bytes);
    return row !== undefined && this.deleteRow(table, row);
  }

  /** Deletes all rows of a table and returns their number. */
  clear(table: Table): bigint {
    const changes = this.#changesOf(table);
    const count = table.count;
    for (const row of table.rows()) changes.deleted(row);
    table.removeAll();
    return BigInt(count);
  }

  /**
   * Sets the rows of a relation; only differences become changes, and equal rows count once. Throws `row/not-unique` or
   * `BsatnError` halfway: roll back then.
   */
  replaceRelation(table: Table, rows: readonly Uint8Array[]): void {
    const staying = new Set<Row>();
    const coming: Uint8Array[] = [];
    for (const bytes of rows) {
      table.layout.check(bytes);
      const row = table.rowEqual(bytes);
      if (row) staying.add(row);
      else coming.push(bytes);
    }
    if (staying.size === 0) this.clear(table);
    else if (staying.size < table.count) {
      for (const row of [...table.rows()]) if (!staying.has(row)) this.deleteRow(table, row);
    }
    for (const bytes of coming) this.insert(table, bytes);
  }

  /** The net changes so far; read them before the next write. */
  changes(): readonly TableChange[] {
    const net: TableChange[] = [];
    for (const table of this.#touched) {
      if (table.changes && !table.changes.isEmpty) net.push(tableChange(table, table.changes.net()));
    }
    return net;
  }

  /** Commits the changes and empties event tables. */
  commit(): Commit {
    this.#end();
    const net: TableChange[] = [];
    for (const table of this.#touched) {
      if (table.changes && !table.changes.isEmpty) net.push(tableChange(table, table.changes.settle()));
      table.changes = undefined;
      if (table.def.isEvent) table.removeAll();
    }
    return this.#host.committed(net);
  }

  /** Reverts every change except drawn sequence values. A no-op after the end of the transaction. */
  rollback(): void {
    if (!this.#isOpen) return;
    this.#end();
    for (const table of this.#touched) {
      table.changes?.undo();
      table.changes = undefined;
    }
    this.#host.rolledBack();
  }

  #end(): void {
    assert(this.#isOpen, 'a transaction ends once');
    this.#isOpen = false;
  }

  #changesOf(table: Table): TableChanges {
    assert(this.#isOpen, 'nothing is written after the end of a transaction');
    if (!table.changes) {
      table.changes = new TableChanges(table);
      this.#touched.push(table);
    }
    return table.changes;
  }

  /** Fills the auto-increment columns that are 0 and returns their values. */
  #generate(table: Table, bytes: Uint8Array): Uint8Array {
    let generated = NOTHING;
    for (let at = 0; at < table.sequences.length; at++) {
      const { sequence, column, width } = table.sequences[at] as Table['sequences'][number];
      const start = table.layout.startOf(bytes, column);
      if (!isZero(bytes, start, width)) continue;
      if (sequence.drawInto(bytes, start, width)) this.#host.sequenceReserved(table, at);
      const drawn = bytes.slice(start, start + width);
      generated = generated.length === 0 ? drawn : Buffer.concat([generated, drawn]);
    }
    return generated;
  }
}

function tableChange(table: Table, { inserts, deletes }: RowChange): TableChange {
  return { table, inserts, deletes };
}

function isZero(bytes: Uint8Array, start: number, width: number): boolean {
  for (let at = start; at < start + width; at++) if (bytes[at] !== 0) return false;
  return true;
}

// A transaction: writes in place, and can take all of it back.

import type { Commit, TableChange } from './commit.ts';
import type { Row } from './row.ts';
import type { Table } from './table.ts';
import type { Index } from './table-index.ts';

/** A row that is now in the table, and the columns that a sequence filled in. */
export interface Written {
  readonly row: Row;
  /** BSATN of the generated columns only, concatenated in schema order; empty if none was generated. */
  readonly generated: Uint8Array;
}

/** The one open transaction of a datastore. Every write is visible to readers at once. */
export class Transaction {
  /** Puts a copy of the row in. Throws `row/not-unique`, having done nothing, or `BsatnError` for a malformed row. */
  insert(_table: Table, _bytes: Uint8Array): Written {
    throw new Error('unfinished');
  }
  /** Replaces the row that has the same key in a unique index. Throws `index/not-unique`, `row/not-found`, `row/not-unique`. */
  update(_table: Table, _index: Index, _bytes: Uint8Array): Written {
    throw new Error('unfinished');
  }
  /** Takes a row out; false if it is no longer there. */
  deleteRow(_table: Table, _row: Row): boolean {
    throw new Error('unfinished');
  }
  /** Takes the row with exactly these bytes out; false if there is none. */
  deleteEqual(_table: Table, _bytes: Uint8Array): boolean {
    throw new Error('unfinished');
  }
  /** Empties a table and says how many rows it had. */
  clear(_table: Table): bigint {
    throw new Error('unfinished');
  }
  /** Sets a relation's rows; only what differs becomes a change. Throws `row/not-unique` if two new rows share a key. */
  replaceRelation(_table: Table, _rows: readonly Uint8Array[]): void {
    throw new Error('unfinished');
  }
  /** The net changes so far. */
  changes(): readonly TableChange[] {
    throw new Error('unfinished');
  }
  /** Makes the changes final and empties event tables. */
  commit(): Commit {
    throw new Error('unfinished');
  }
  /** Takes every change back; sequences keep what they drew. Harmless after `commit`. */
  rollback(): void {
    throw new Error('unfinished');
  }
}

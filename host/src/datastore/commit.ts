// What a transaction changed, when it is over.

import type { Table } from './table.ts';
import type { RowChange } from './table-changes.ts';

/**
 * The net change of one table. A row that was inserted and deleted again is in neither list; an update is a delete and
 * an insert with the same `key`. An event table has inserts only, and is empty again.
 */
export interface TableChange extends RowChange {
  readonly table: Table;
  /** The inserts are every row of the table, whatever storage has of it. */
  readonly isWhole?: boolean;
}

/** How far a sequence has reserved values: what storage must know before a row with such a value is durable. */
export interface SequenceMark {
  readonly table: Table;
  /** Canonical name of the sequence. */
  readonly name: string;
  /** The first value that is not reserved; drawing continues here after a restart. */
  readonly reserved: bigint;
}

/**
 * One transaction's changes. `number` counts commits from 1; a commit that changed nothing has the number of the commit
 * before it, so waiting for it means waiting for all it may have read.
 */
export interface Commit {
  readonly number: number;
  readonly changes: readonly TableChange[];
  /** Marks that rose since the last commit, those raised by transactions that were rolled back included. */
  readonly sequences: readonly SequenceMark[];
}

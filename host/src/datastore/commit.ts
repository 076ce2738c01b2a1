// A commit: the net changes of a finished transaction.

import type { Table } from './table.ts';
import type { RowChange } from './table-changes.ts';

/**
 * The net change of one table. A row that was inserted and deleted again is in neither list; an update is a delete and
 * an insert with the same `key`. An event table has inserts only, and is empty after the commit.
 */
export interface TableChange extends RowChange {
  readonly table: Table;
  /** The inserts are all rows of the table; storage replaces its rows by them. */
  readonly isWhole?: boolean;
}

/** How far a sequence has reserved values; storage must have it before a row with such a value is durable. */
export interface SequenceMark {
  readonly table: Table;
  /** Canonical name of the sequence. */
  readonly name: string;
  /** The first value that is not reserved; drawing continues here after a restart. */
  readonly reserved: bigint;
}

/**
 * The changes of one transaction. `number` counts commits from 1; a commit without changes has the number of the commit
 * before it, so waiting for it means waiting for everything it may have read.
 */
export interface Commit {
  readonly number: number;
  readonly changes: readonly TableChange[];
  /** Marks that rose since the last commit, including those raised by rolled back transactions. */
  readonly sequences: readonly SequenceMark[];
}

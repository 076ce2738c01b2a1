// The rows of one table, in memory.

import type { Index } from './table-index.ts';
import type { RelationDef } from './relation.ts';
import type { Row } from './row.ts';
import type { RowLayout } from './row-layout.ts';

/** A set of rows with its indexes. Only a `Transaction` changes it. */
export class Table {
  readonly id: number;
  readonly def: RelationDef;
  readonly layout: RowLayout;
  readonly indexes: readonly Index[];
  /** Whether storage keeps it: neither the rows of a view nor events are kept. */
  readonly isStored: boolean;

  constructor(id: number, def: RelationDef, layout: RowLayout, isStored: boolean) {
    this.id = id;
    this.def = def;
    this.layout = layout;
    this.indexes = [];
    this.isStored = isStored;
  }

  get count(): number {
    throw new Error('unfinished');
  }

  /** Every row, live: copy first if you write while you read. */
  rows(): Iterable<Row> {
    throw new Error('unfinished');
  }

  /** The row with exactly these bytes. */
  rowEqual(_bytes: Uint8Array): Row | undefined {
    throw new Error('unfinished');
  }
}

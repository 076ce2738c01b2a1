// An index of a table: rows by key, and in order for whoever asks for a range.

import type { IndexDef } from '../schema/definition.ts';
import type { Row } from './row.ts';
import type { Table } from './table.ts';

/** One end of a range: the BSATN of a value of the bounded column. */
export interface RangeBound {
  readonly value: Uint8Array;
  readonly isInclusive: boolean;
}

/** Rows of a table by the values of some columns. */
export class Index {
  readonly id: number;
  readonly def: IndexDef;
  readonly table: Table;
  /** Whether a unique constraint has the same columns. */
  readonly isUnique: boolean;

  constructor(id: number, def: IndexDef, table: Table, isUnique: boolean) {
    this.id = id;
    this.def = def;
    this.table = table;
    this.isUnique = isUnique;
  }

  /** The rows with this key (`keyOfBytes` of the concatenated columns), as they are now. */
  point(_key: string): readonly Row[] {
    throw new Error('unfinished');
  }

  /** One row with this key; the only one if the index is unique. */
  first(_key: string): Row | undefined {
    throw new Error('unfinished');
  }

  /** How many rows have this key. */
  countOf(_key: string): number {
    throw new Error('unfinished');
  }

  /**
   * The rows whose leading `prefixColumns` columns equal `prefix` (their BSATN, concatenated) and whose next column lies
   * between the bounds, in index order. Throws `index/no-range` on a hash index and `BsatnError` for a malformed bound.
   */
  range(
    _prefix: Uint8Array,
    _prefixColumns: number,
    _lower: RangeBound | undefined,
    _upper: RangeBound | undefined,
  ): Row[] {
    throw new Error('unfinished');
  }
}

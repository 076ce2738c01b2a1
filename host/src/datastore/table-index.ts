// An index of a table: rows by key, and in order for whoever asks for a range.

import type { IndexDef } from '../schema/definition.ts';
import { HostError } from '../errors.ts';
import type { OrderedRows } from './ordered-rows.ts';
import type { Row } from './row.ts';
import type { RowMap } from './row-map.ts';
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
  readonly #map: RowMap;
  #ordered: OrderedRows | undefined;

  constructor(id: number, def: IndexDef, table: Table, map: RowMap, isUnique: boolean) {
    this.id = id;
    this.def = def;
    this.table = table;
    this.isUnique = isUnique;
    this.#map = map;
  }

  /** The key under which a row of the table is found here. */
  keyOf(bytes: Uint8Array): string {
    return this.#map.read(bytes);
  }

  /**
   * The rows with this key (`keyOfBytes` of the concatenated columns), as they are now. Keys are compared as bytes, so
   * a float 0 does not find -0.
   */
  point(key: string): readonly Row[] {
    return this.#map.all(key);
  }

  /** One row with this key; the only one if the index is unique. */
  first(key: string): Row | undefined {
    return this.#map.first(key);
  }

  /** How many rows have this key. */
  countOf(key: string): number {
    return this.#map.countOf(key);
  }

  /**
   * The rows whose leading `prefixColumns` columns equal `prefix` (their BSATN, concatenated) and whose next column lies
   * between the bounds, in index order. Throws `index/no-range` on a hash index and `BsatnError` for malformed bytes.
   */
  range(
    prefix: Uint8Array,
    prefixColumns: number,
    lower: RangeBound | undefined,
    upper: RangeBound | undefined,
  ): Row[] {
    if (this.def.algorithm === 'hash') throw new HostError('index/no-range');
    this.#ordered ??= this.table.order(this.def.columns);
    return this.#ordered.range(prefix, prefixColumns, lower, upper);
  }
}

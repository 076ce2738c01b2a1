// The rows of one table in memory, and its indexes.

import type { IndexDef } from '../schema/definition.ts';
import { assert, HostError } from '../errors.ts';
import { OrderedRows, type RangeBound } from './ordered-rows.ts';
import type { RelationDef } from './relation.ts';
import type { Row } from './row.ts';
import { isSameBytes, keyOfBytes } from './row-key.ts';
import type { RowLayout } from './row-layout.ts';
import { BucketMap, type RowMap, UniqueMap } from './row-map.ts';
import { RowSlab } from './row-slab.ts';
import { Sequence } from './sequence.ts';
import type { TableChanges } from './table-changes.ts';

/** An auto-increment column of a table. */
export interface SequenceColumn {
  readonly sequence: Sequence;
  readonly column: number;
  readonly width: number;
}

/**
 * A set of rows with its indexes. Readers use `rows`, `count`, `rowEqual` and the indexes; the methods after them are for
 * the open transaction.
 */
export class Table {
  readonly id: number;
  readonly def: RelationDef;
  readonly layout: RowLayout;
  readonly indexes: readonly Index[];
  /** True if storage keeps the rows; rows of views and events are not stored. */
  readonly isStored: boolean;
  readonly sequences: readonly SequenceColumn[];
  readonly slab = new RowSlab();
  /** The changes of the open transaction, if it has written here. */
  changes: TableChanges | undefined;
  /** One for each unique constraint, or one of whole rows; the first one identifies rows. */
  readonly #uniques: readonly UniqueMap[];
  readonly #identity: UniqueMap;
  readonly #buckets: readonly BucketMap[];
  readonly #ordered: OrderedRows[] = [];
  #lastKey = 0;

  constructor(id: number, def: RelationDef, layout: RowLayout, isStored: boolean, nextIndexId: () => number) {
    this.id = id;
    this.def = def;
    this.layout = layout;
    this.isStored = isStored;
    this.sequences = (def.sequences ?? []).map(sequenceDef => {
      const width = layout.widthOf(sequenceDef.column);
      assert(width !== undefined, `the column of sequence ${sequenceDef.name} is an integer`);
      return { sequence: new Sequence(sequenceDef), column: sequenceDef.column, width };
    });

    const maps = new Map<string, UniqueMap | BucketMap>();
    const uniqueSets = new Set(def.uniques.map(unique => setOf(unique.columns)));
    this.indexes = def.indexes.map(indexDef => {
      const { columns } = indexDef;
      const isUnique = uniqueSets.has(setOf(columns));
      const Kind = isUnique ? UniqueMap : BucketMap;
      const map = maps.get(columns.join()) ?? new Kind(columns, layout.keyReader(columns));
      maps.set(columns.join(), map);
      return new Index(nextIndexId(), indexDef, this, map, isUnique);
    });
    const uniques = [...maps.values()].filter(map => map instanceof UniqueMap);
    for (const { columns } of def.uniques) {
      const isIndexed = uniques.some(map => setOf(map.columns) === setOf(columns));
      if (!isIndexed) uniques.push(new UniqueMap(columns, layout.keyReader(columns)));
    }
    if (uniques.length === 0) uniques.push(new UniqueMap([], bytes => keyOfBytes(bytes)));
    this.#uniques = uniques;
    this.#identity = uniques[0] as UniqueMap;
    this.#buckets = [...maps.values()].filter(map => map instanceof BucketMap);
  }

  get count(): number {
    return this.#identity.rows.size;
  }

  /** Every row, live: copy first to write while reading. */
  rows(): Iterable<Row> {
    return this.#identity.rows.values();
  }

  /** The row with exactly these bytes, which must be a checked row. */
  rowEqual(bytes: Uint8Array): Row | undefined {
    const row = this.#identity.first(this.#identity.read(bytes));
    return row && isSameBytes(row.bytes, bytes) ? row : undefined;
  }

  /** The key that identifies a row: that of a unique constraint, or the whole row. */
  identityOf(bytes: Uint8Array): string {
    return this.#identity.read(bytes);
  }

  /** A new storage key, never used in this table. */
  newRowKey(): number {
    return ++this.#lastKey;
  }

  /** Marks storage keys up to this one as used. */
  takeRowKey(key: number): void {
    if (key > this.#lastKey) this.#lastKey = key;
  }

  /**
   * Reads the unique keys of some bytes for the next `putRead` or `replace`, and returns a row other than `except` that has
   * one of them. If the table has a row with the same bytes, it returns that row.
   */
  readKeys(bytes: Uint8Array, except?: Row): Row | undefined {
    for (const unique of this.#uniques) {
      unique.key = unique.read(bytes);
      const holder = unique.rows.get(unique.key);
      if (holder !== undefined && holder !== except) return holder;
    }
    return undefined;
  }

  /** Inserts a row whose keys `readKeys` has just read. */
  putRead(row: Row): void {
    for (const unique of this.#uniques) unique.rows.set(unique.key, row);
    for (const bucket of this.#buckets) bucket.add(row);
    for (const ordered of this.#ordered) ordered.add(row);
  }

  /** Inserts a row that conflicts with no other. */
  put(row: Row): void {
    for (const unique of this.#uniques) unique.key = unique.read(row.bytes);
    this.putRead(row);
  }

  /** Replaces `row` by `next`, whose keys `readKeys` has just read. */
  replace(row: Row, next: Row): void {
    for (const unique of this.#uniques) {
      if (unique.rows.get(unique.key) !== row) unique.rows.delete(unique.read(row.bytes));
      unique.rows.set(unique.key, next);
    }
    for (const bucket of this.#buckets) bucket.replace(row, next);
    for (const ordered of this.#ordered) ordered.replace(row, next);
  }

  /** Removes a row. */
  remove(row: Row): void {
    for (const unique of this.#uniques) unique.rows.delete(unique.read(row.bytes));
    for (const bucket of this.#buckets) bucket.remove(row);
    for (const ordered of this.#ordered) ordered.remove(row);
  }

  /** Removes all rows. */
  removeAll(): void {
    for (const unique of this.#uniques) unique.rows.clear();
    for (const bucket of this.#buckets) bucket.clear();
    for (const ordered of this.#ordered) ordered.clear();
  }

  /** Creates sorted rows by some columns and maintains them from then on. */
  order(columns: readonly number[]): OrderedRows {
    const ordered = new OrderedRows(this.layout, columns, this.rows());
    this.#ordered.push(ordered);
    return ordered;
  }
}

/** An index: rows of a table by the values of some columns. */
export class Index {
  readonly id: number;
  readonly def: IndexDef;
  readonly table: Table;
  /** True if a unique constraint has the same columns. */
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

  /** The key of a row in this index. */
  keyOf(bytes: Uint8Array): string {
    return this.#map.read(bytes);
  }

  /**
   * The current rows with this key (`keyOfBytes` of the concatenated columns). Keys are compared as bytes, so a float 0
   * does not find -0.
   */
  point(key: string): readonly Row[] {
    return this.#map.all(key);
  }

  /** One row with this key; the only one if the index is unique. */
  first(key: string): Row | undefined {
    return this.#map.first(key);
  }

  /** The number of rows with this key. */
  countOf(key: string): number {
    return this.#map.countOf(key);
  }

  /**
   * The rows whose leading `prefixColumns` columns equal `prefix` (their BSATN, concatenated) and whose next column is
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

/** Text of a set of columns, independent of their order. */
function setOf(columns: readonly number[]): string {
  return columns.toSorted((a, b) => a - b).join();
}

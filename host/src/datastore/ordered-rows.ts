// Sorted rows of an index, created by the first range scan and maintained from then on.

import { BsatnError } from '../sats/reader.ts';
import type { AlgebraicType } from '../sats/type.ts';
import { BTree, type StringTree } from './b-tree.ts';
import type { Row } from './row.ts';
import type { RowLayout } from './row-layout.ts';
import { AFTER, SortKeys } from './sort-key.ts';
import { compileWalk, type Walk } from './walk.ts';

/** One end of a range: the BSATN of a value of the bounded column. */
export interface RangeBound {
  readonly value: Uint8Array;
  readonly isInclusive: boolean;
}

/** Rows sorted by some columns, and by storage key among equals. */
export class OrderedRows {
  readonly #layout: RowLayout;
  readonly #columns: readonly number[];
  readonly #keys: SortKeys;
  readonly #walks: readonly Walk[];
  readonly #tree: StringTree<Row>;

  constructor(layout: RowLayout, columns: readonly number[], rows: Iterable<Row>) {
    const types: AlgebraicType[] = columns.map(column => layout.typeOf(column));
    this.#layout = layout;
    this.#columns = columns;
    this.#keys = new SortKeys(types, layout.typespace);
    this.#walks = types.map(type => compileWalk(type, layout.typespace));
    this.#tree = new BTree<string, Row>(undefined, compareKeys);
    for (const row of rows) this.add(row);
  }

  add(row: Row): void {
    this.#tree.set(this.#keyOf(row), row);
  }

  remove(row: Row): void {
    this.#tree.delete(this.#keyOf(row));
  }

  /** Replaces `row` by `next`. */
  replace(row: Row, next: Row): void {
    const key = this.#keyOf(row);
    const nextKey = this.#keyOf(next);
    if (key !== nextKey) this.#tree.delete(key);
    this.#tree.set(nextKey, next);
  }

  clear(): void {
    this.#tree.clear();
  }

  /** Rows that match the prefix and whose next column is between the bounds. Throws `BsatnError`. */
  range(prefix: Uint8Array, columns: number, lower?: RangeBound, upper?: RangeBound): Row[] {
    const leading = this.#sortPrefix(prefix, columns);
    const first = lower ? leading + this.#sortBound(columns, lower) + (lower.isInclusive ? '' : AFTER) : leading;
    const last = upper ? leading + this.#sortBound(columns, upper) + (upper.isInclusive ? AFTER : '') : leading + AFTER;
    const rows: Row[] = [];
    if (first < last) this.#tree.forRange(first, last, false, (_key, row) => void rows.push(row));
    return rows;
  }

  #keyOf(row: Row): string {
    const { bytes, key } = row;
    this.#keys.begin();
    for (let at = 0; at < this.#columns.length; at++) {
      this.#keys.add(at, bytes, this.#layout.startOf(bytes, this.#columns[at] as number));
    }
    return this.#keys.addRowKey(key).finish();
  }

  #sortPrefix(prefix: Uint8Array, columns: number): string {
    this.#keys.begin();
    let at = 0;
    for (let column = 0; column < columns; column++) {
      this.#walkOf(column).check(prefix, at);
      at = this.#keys.add(column, prefix, at);
    }
    if (at !== prefix.length) throw new BsatnError(`${prefix.length - at} bytes too many in the prefix of a range`);
    return this.#keys.finish();
  }

  #sortBound(column: number, { value }: RangeBound): string {
    const end = this.#walkOf(column).check(value, 0);
    if (end !== value.length) throw new BsatnError(`${value.length - end} bytes too many in the bound of a range`);
    this.#keys.begin().add(column, value, 0);
    return this.#keys.finish();
  }

  #walkOf(column: number): Walk {
    const walk = this.#walks[column];
    if (!walk) throw new BsatnError(`column ${column} of a range over an index of ${this.#walks.length} columns`);
    return walk;
  }
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

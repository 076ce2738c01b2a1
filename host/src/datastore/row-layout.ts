// Row layout: the positions of the columns in the bytes of a row.

import { BsatnError, BsatnReader } from '../sats/reader.ts';
import { type AlgebraicType, type ProductType, type Typespace } from '../sats/type.ts';
import { decodeValue, type SatsValue } from '../sats/value.ts';
import { keyOf4, keyOf8, keyOfBytes, type KeyReader } from './row-key.ts';
import { compileWalk, type Walk } from './walk.ts';

/**
 * A compiled row type: checks rows, finds columns and makes keys without decoding the row. Columns after the first one of
 * variable length are found by walking; the last walk is cached, so bytes that were passed in must not change.
 */
export class RowLayout {
  readonly type: ProductType;
  readonly typespace: Typespace;
  readonly columnCount: number;
  /** Length of every row in bytes; undefined if rows differ in length. */
  readonly fixedSize: number | undefined;
  readonly #walks: readonly Walk[];
  /** Number of leading columns with a fixed start. */
  readonly #fixedStarts: number;
  /** Number of leading columns whose bytes are always valid and need no check. */
  readonly #freeColumns: number;
  /** Starts of the columns of `#walked`, and the end of the last one; the fixed ones are always valid. */
  readonly #starts: Int32Array;
  #walked: Uint8Array | undefined;
  readonly #readers = new WeakMap<readonly number[], KeyReader>();

  static of(type: ProductType, typespace: Typespace): RowLayout {
    return new RowLayout(type, typespace);
  }

  private constructor(type: ProductType, typespace: Typespace) {
    this.type = type;
    this.typespace = typespace;
    this.columnCount = type.elements.length;
    this.#walks = type.elements.map(element => compileWalk(element.type, typespace));
    this.#starts = new Int32Array(this.columnCount + 1);
    const varying = this.#walks.findIndex(walk => walk.width === undefined);
    const looked = this.#walks.findIndex(walk => !walk.isFree);
    this.#fixedStarts = varying < 0 ? this.columnCount + 1 : varying + 1;
    this.#freeColumns = looked < 0 ? this.columnCount : looked;
    for (let at = 1; at < this.#fixedStarts; at++)
      this.#starts[at] = this.#start(at - 1) + (this.#walk(at - 1).width ?? 0);
    this.fixedSize = varying < 0 ? this.#start(this.columnCount) : undefined;
  }

  /** Throws `BsatnError` unless the bytes are exactly one row. */
  check(bytes: Uint8Array): void {
    this.#walked = undefined;
    const starts = this.#starts;
    let at = this.#start(this.#freeColumns);
    for (let column = this.#freeColumns; column < this.columnCount; column++) {
      starts[column] = at;
      at = this.#walk(column).check(bytes, at);
    }
    starts[this.columnCount] = at;
    if (at !== bytes.length) {
      throw new BsatnError(`a row of ${at} bytes was expected, not of ${bytes.length}`);
    }
    this.#walked = bytes;
  }

  /** End of the row that starts at `at`; splits concatenated rows. Throws `BsatnError`. */
  endOf(bytes: Uint8Array, at: number): number {
    for (let column = 0; column < this.columnCount; column++) at = this.#walk(column).check(bytes, at);
    return at;
  }

  /** Start of a column of a checked row; the column after the last starts at the end of the row. */
  startOf(bytes: Uint8Array, column: number): number {
    if (column >= this.#fixedStarts && bytes !== this.#walked) this.#find(bytes);
    return this.#start(column);
  }

  /** The key of some columns of a checked row, in the order of `columns`. */
  keyOf(bytes: Uint8Array, columns: readonly number[]): string {
    let read = this.#readers.get(columns);
    if (!read) {
      read = this.keyReader(columns);
      this.#readers.set(columns, read);
    }
    return read(bytes);
  }

  /** Compiles `keyOf` for some columns. */
  keyReader(columns: readonly number[]): KeyReader {
    const [first, ...others] = columns;
    if (first === undefined) return () => '';
    const isRun = others.every((column, at) => column === first + at + 1);
    if (!isRun) return this.#scatteredKeyReader(columns);
    const behind = first + columns.length;
    if (behind >= this.#fixedStarts) {
      return bytes => {
        const start = this.startOf(bytes, first);
        return keyOfBytes(bytes, start, this.startOf(bytes, behind));
      };
    }
    const start = this.#start(first);
    const end = this.#start(behind);
    if (end - start === 4) return bytes => keyOf4(bytes, start);
    if (end - start === 8) return bytes => keyOf8(bytes, start);
    return bytes => keyOfBytes(bytes, start, end);
  }

  #scatteredKeyReader(columns: readonly number[]): KeyReader {
    let gathered = Buffer.allocUnsafeSlow(64);
    return bytes => {
      let length = 0;
      for (const column of columns) {
        const start = this.startOf(bytes, column);
        const end = this.startOf(bytes, column + 1);
        if (length + end - start > gathered.length) {
          gathered = Buffer.concat([gathered.subarray(0, length), new Uint8Array(2 * (length + end - start))]);
        }
        for (let at = start; at < end; at++) gathered[length++] = bytes[at] as number;
      }
      return keyOfBytes(gathered, 0, length);
    };
  }

  /** The decoded value of one column of a checked row. */
  value(bytes: Uint8Array, column: number): SatsValue {
    return decodeValue(this.typeOf(column), this.typespace, new BsatnReader(bytes, this.startOf(bytes, column)));
  }

  /** The BSATN of one column of a checked row, as a view of it. */
  columnBytes(bytes: Uint8Array, column: number): Uint8Array {
    return bytes.subarray(this.startOf(bytes, column), this.startOf(bytes, column + 1));
  }

  typeOf(column: number): AlgebraicType {
    const element = this.type.elements[column];
    if (!element) throw new RangeError(`no column ${column} in a row of ${this.columnCount}`);
    return element.type;
  }

  /** Length of every value of a column in bytes; undefined if values differ in length. */
  widthOf(column: number): number | undefined {
    return this.#walk(column).width;
  }

  #find(bytes: Uint8Array): void {
    this.#walked = undefined;
    const starts = this.#starts;
    for (let column = this.#fixedStarts - 1; column < this.columnCount; column++) {
      starts[column + 1] = this.#walk(column).skip(bytes, starts[column] as number);
    }
    this.#walked = bytes;
  }

  #start(column: number): number {
    return this.#starts[column] as number;
  }

  #walk(column: number): Walk {
    return this.#walks[column] as Walk;
  }
}

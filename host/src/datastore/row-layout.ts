// Where the columns of a row type lie in a row's bytes.

import type { SatsValue } from '../sats/value.ts';
import type { ProductType, Typespace } from '../sats/type.ts';

/** A row type, compiled once: checks rows, finds columns and makes keys without decoding the row. */
export class RowLayout {
  readonly type: ProductType;
  readonly typespace: Typespace;
  /** Bytes of every row, or undefined if rows differ in length. */
  readonly fixedSize: number | undefined;

  static of(type: ProductType, typespace: Typespace): RowLayout {
    return new RowLayout(type, typespace);
  }

  private constructor(type: ProductType, typespace: Typespace) {
    this.type = type;
    this.typespace = typespace;
    this.fixedSize = undefined;
  }

  /** Throws `BsatnError` when the bytes are not exactly one row. */
  check(_bytes: Uint8Array): void {
    throw new Error('unfinished');
  }

  /** The key of some columns of a checked row, in the order of `columns`. */
  keyOf(_bytes: Uint8Array, _columns: readonly number[]): string {
    throw new Error('unfinished');
  }

  /** The decoded value of one column of a checked row. */
  value(_bytes: Uint8Array, _column: number): SatsValue {
    throw new Error('unfinished');
  }

  /** The BSATN of one column of a checked row, as a view of it. */
  columnBytes(_bytes: Uint8Array, _column: number): Uint8Array {
    throw new Error('unfinished');
  }
}

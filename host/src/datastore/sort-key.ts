// Sort keys of ordered indexes: strings whose order is the order of the values.
// Integers are big-endian with the sign bit flipped; strings and byte arrays end in two zeros, with an inner zero written
// as 00 FF; each element of another array follows a 1, and a 0 ends the array; sums begin with their tag. No encoding is
// a prefix of another, so the encodings of columns are concatenated.

import { type AlgebraicType, resolveType, type Typespace, WIDTH } from '../sats/type.ts';
import { keyOfBytes } from './row-key.ts';
import { readU32 } from './walk.ts';

/** Sorts above every byte: a key followed by it sorts after all keys with that prefix. */
export const AFTER = '\u{100}';

/** A growing byte buffer. */
class Scratch {
  bytes = new Uint8Array(256);
  length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) {
      const grown = new Uint8Array(this.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes[this.length++] = value;
  }
}

const scratch = new Scratch();

/** Writes one value to the scratch buffer and returns its end in the input. */
type Sorter = (bytes: Uint8Array, at: number) => number;

/** Converts BSATN of a list of types into sort keys. The bytes must have been checked. */
export class SortKeys {
  readonly #sorters: readonly Sorter[];

  constructor(types: readonly AlgebraicType[], typespace: Typespace) {
    this.#sorters = types.map(type => compileSorter(type, typespace));
  }

  /** Begins a key. */
  begin(): this {
    scratch.length = 0;
    return this;
  }

  /** Appends the value of a column, whose BSATN starts at `at`; returns its end. */
  add(column: number, bytes: Uint8Array, at: number): number {
    return (this.#sorters[column] as Sorter)(bytes, at);
  }

  /** Appends the storage key, which distinguishes rows with equal columns. */
  addRowKey(key: number): this {
    let high = Math.floor(key / 2 ** 32);
    for (let shift = 16; shift >= 0; shift -= 8) scratch.byte((high >>> shift) & 0xff);
    high = key >>> 0;
    for (let shift = 24; shift >= 0; shift -= 8) scratch.byte((high >>> shift) & 0xff);
    return this;
  }

  finish(): string {
    return keyOfBytes(scratch.bytes, 0, scratch.length);
  }
}

function compileSorter(type: AlgebraicType, typespace: Typespace): Sorter {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product': {
      const parts = resolved.elements.map(element => compileSorter(element.type, typespace));
      return (bytes, at) => {
        for (const part of parts) at = part(bytes, at);
        return at;
      };
    }
    case 'sum': {
      const variants = resolved.variants.map(variant => compileSorter(variant.type, typespace));
      return (bytes, at) => {
        const tag = bytes[at] as number;
        scratch.byte(tag);
        return (variants[tag] as Sorter)(bytes, at + 1);
      };
    }
    case 'array': {
      if (resolveType(resolved.element, typespace).kind === 'u8') return sortBytes;
      const element = compileSorter(resolved.element, typespace);
      return (bytes, at) => {
        let end = at + 4;
        for (let left = readU32(bytes, at); left > 0; left--) {
          scratch.byte(1);
          end = element(bytes, end);
        }
        scratch.byte(0);
        return end;
      };
    }
    case 'string':
      return sortBytes;
    case 'f32':
    case 'f64':
      return sortFloat(WIDTH[resolved.kind]);
    default:
      return sortInteger(WIDTH[resolved.kind], resolved.kind.startsWith('i') ? 0x80 : 0);
  }
}

function sortInteger(width: number, signBit: number): Sorter {
  return (bytes, at) => {
    scratch.byte((bytes[at + width - 1] as number) ^ signBit);
    for (let byte = at + width - 2; byte >= at; byte--) scratch.byte(bytes[byte] as number);
    return at + width;
  };
}

/** Both zeros are one value; all NaNs are one value too, which sorts after every number. */
function sortFloat(width: 4 | 8): Sorter {
  return (bytes, at) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, width);
    const value = width === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    if (value === 0 || Number.isNaN(value)) {
      scratch.byte(value === 0 ? 0x80 : 0xff);
      for (let byte = 1; byte < width; byte++) scratch.byte(value === 0 ? 0 : 0xff);
      return at + width;
    }
    const flip = value < 0 ? 0xff : 0;
    scratch.byte((bytes[at + width - 1] as number) ^ (value < 0 ? 0xff : 0x80));
    for (let byte = at + width - 2; byte >= at; byte--) scratch.byte((bytes[byte] as number) ^ flip);
    return at + width;
  };
}

function sortBytes(bytes: Uint8Array, at: number): number {
  const end = at + 4 + readU32(bytes, at);
  for (let byte = at + 4; byte < end; byte++) {
    const value = bytes[byte] as number;
    scratch.byte(value);
    if (value === 0) scratch.byte(0xff);
  }
  scratch.byte(0);
  scratch.byte(0);
  return end;
}

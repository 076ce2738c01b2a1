// Sequence of an auto-increment column: draws values and reserves them in blocks, so that few writes reach the disk.

import type { SequenceDef } from '../schema/definition.ts';

/** Values reserved in one block; a restart skips at most this many. */
export const SEQUENCE_BLOCK = 4096;

// The drawn value as 256 bits. All Node.js builds are little-endian.
const words = new BigInt64Array(4);
const drawnBytes = new Uint8Array(words.buffer);

/** The counter of one auto-increment column. A drawn value is never returned. */
export class Sequence {
  readonly def: SequenceDef;
  #next: bigint;
  #leftInBlock = 0;
  #reserved: bigint;

  constructor(def: SequenceDef) {
    this.def = def;
    this.#next = def.start;
    this.#reserved = def.start;
  }

  /** The first value that is not reserved; it rises when a draw opens a new block. */
  get reserved(): bigint {
    return this.#reserved;
  }

  /** Continues after the values that an earlier process reserved. */
  restore(reserved: bigint): void {
    this.#next = reserved;
    this.#reserved = reserved;
    this.#leftInBlock = 0;
  }

  /** Continues at the current value of another sequence, within the limits of this one. */
  adopt(other: Sequence): void {
    this.restore(this.#wrap(other.#next));
  }

  /** Writes the next value into a column, truncated to its width. Returns true if it reserved a new block. */
  drawInto(bytes: Uint8Array, at: number, width: number): boolean {
    const isNewBlock = this.#leftInBlock === 0;
    if (isNewBlock) {
      this.#reserved = this.#wrap(this.#next + this.def.increment * BigInt(SEQUENCE_BLOCK));
      this.#leftInBlock = SEQUENCE_BLOCK;
    }
    const value = this.#next;
    this.#next = this.#wrap(value + this.def.increment);
    this.#leftInBlock--;
    words[0] = value;
    if (width > 8) for (let word = 1; word < 4; word++) words[word] = value >> BigInt(64 * word);
    for (let byte = 0; byte < width; byte++) bytes[at + byte] = drawnBytes[byte] as number;
    return isNewBlock;
  }

  /** Wraps around: after the last value follows the first, and the reverse for a sequence that counts down. */
  #wrap(value: bigint): bigint {
    const { min, max } = this.def;
    if (value > max) return min + ((value - max - 1n) % (max - min + 1n));
    if (value < min) return max - ((min - value - 1n) % (max - min + 1n));
    return value;
  }
}

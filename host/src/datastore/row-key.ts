// Row keys: the concatenated BSATN of some columns as a latin1 string, for use as a Map key.

import { assert } from '../errors.ts';

/** Returns the key of a row of one layout. */
export type KeyReader = (bytes: Uint8Array) => string;

// Buffer has this method in every Node.js version, but the types omit it. It works on any Uint8Array and is the only way
// to make a string from a part of one without a view or a decoder; it takes a third of the time.
const latin1Slice: unknown = Reflect.get(Buffer.prototype, 'latin1Slice');
assert(typeof latin1Slice === 'function', 'Buffer has latin1Slice');
const sliceLatin1 = latin1Slice as (this: Uint8Array, start: number, end: number) => string;

/** The key of 4 bytes. */
export function keyOf4(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(byte(bytes, at), byte(bytes, at + 1), byte(bytes, at + 2), byte(bytes, at + 3));
}

/** The key of 8 bytes. */
export function keyOf8(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    byte(bytes, at),
    byte(bytes, at + 1),
    byte(bytes, at + 2),
    byte(bytes, at + 3),
    byte(bytes, at + 4),
    byte(bytes, at + 5),
    byte(bytes, at + 6),
    byte(bytes, at + 7),
  );
}

/** The key of `bytes` from `start` to `end`. Keys are equal exactly if the bytes are, also for floats. */
export function keyOfBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  switch (end - start) {
    case 4:
      return keyOf4(bytes, start);
    case 8:
      return keyOf8(bytes, start);
    default:
      return sliceLatin1.call(bytes, start, end);
  }
}

/** Returns true if two rows have the same bytes. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const length = a.length;
  if (length !== b.length) return false;
  const near = Math.min(length, 64);
  for (let at = 0; at < near; at++) if (a[at] !== b[at]) return false;
  return length === near || Buffer.compare(a, b) === 0;
}

/** Callers stay within the array; the cast avoids a check for `undefined` on hot paths. */
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

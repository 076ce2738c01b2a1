// Comparison of two values by their BSATN, without decoding.

import { type AlgebraicType, resolveType, specialName, type Typespace } from '../sats/type.ts';

/** Compares the value in `a` from `aStart` to `aEnd` with that in `b`: below 0, 0 or above 0. */
export type ByteOrder = (
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
) => number;

/** The comparison for a type whose values can be compared in a query. */
export function byteOrder(type: AlgebraicType, typespace: Typespace): ByteOrder {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product': {
      const [inner] = resolved.elements;
      if (inner && specialName(resolved)) return byteOrder(inner.type, typespace);
      break;
    }
    case 'string':
    case 'array':
      return compareText;
    case 'sum':
      break;
    case 'f32':
      return (a, aStart, _aEnd, b, bStart) => compareFloats(float32(a, aStart), float32(b, bStart));
    case 'f64':
      return (a, aStart, _aEnd, b, bStart) => compareFloats(float64(a, aStart), float64(b, bStart));
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
    case 'i128':
    case 'i256':
      return compareSigned;
    default:
      return compareUnsigned;
  }
  throw new TypeError(`values of kind ${resolved.kind} have no order in a query`);
}

/** The last byte is the most significant. */
const compareUnsigned: ByteOrder = (a, aStart, aEnd, b, bStart) => {
  const shift = bStart - aStart;
  for (let at = aEnd - 1; at >= aStart; at--) {
    const order = byte(a, at) - byte(b, at + shift);
    if (order !== 0) return order;
  }
  return 0;
};

const compareSigned: ByteOrder = (a, aStart, aEnd, b, bStart, bEnd) => {
  // Negative numbers have the top bit set; flipping it sorts them below the others.
  const order = (byte(a, aEnd - 1) ^ 0x80) - (byte(b, bEnd - 1) ^ 0x80);
  return order === 0 ? compareUnsigned(a, aStart, aEnd, b, bStart, bEnd) : order;
};

/** Strings and byte arrays, after their length: UTF-8 sorts like its bytes. */
const compareText: ByteOrder = (a, aStart, aEnd, b, bStart, bEnd) => {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let at = 4; at < length; at++) {
    const order = byte(a, aStart + at) - byte(b, bStart + at);
    if (order !== 0) return order;
  }
  return aEnd - aStart - (bEnd - bStart);
};

/** 0 equals -0; NaN equals itself and sorts after all numbers. */
function compareFloats(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

// Floats are read through a scratch buffer, so that no view is created for each.
const scratch = new DataView(new ArrayBuffer(8));

function float32(bytes: Uint8Array, start: number): number {
  for (let at = 0; at < 4; at++) scratch.setUint8(at, byte(bytes, start + at));
  return scratch.getFloat32(0, true);
}

function float64(bytes: Uint8Array, start: number): number {
  for (let at = 0; at < 8; at++) scratch.setUint8(at, byte(bytes, start + at));
  return scratch.getFloat64(0, true);
}

/** Callers stay within the array; the cast avoids a check for `undefined` on hot paths. */
function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

// Order of values: the order in which SpacetimeDB sorts the keys of an index.

import { type AlgebraicType, type ProductElement, resolveType, type Typespace } from './type.ts';
import { isList, isSum, type SatsValue } from './value.ts';

/**
 * Returns a negative number if `a` sorts before `b`, 0 if they are equal. Integers sort by size, strings by their UTF-8
 * bytes, products and arrays element by element, sums by tag and then payload. -0 equals 0; NaN equals itself and sorts last.
 */
export function compareValues(type: AlgebraicType, typespace: Typespace, a: SatsValue, b: SatsValue): number {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product':
      if (!isList(a) || !isList(b)) break;
      for (let at = 0; at < resolved.elements.length; at++) {
        const { type } = resolved.elements[at] as ProductElement;
        const order = compareValues(type, typespace, a[at] as SatsValue, b[at] as SatsValue);
        if (order !== 0) return order;
      }
      return 0;
    case 'sum': {
      if (!isSum(a) || !isSum(b)) break;
      const variant = resolved.variants[a.tag];
      if (a.tag !== b.tag || !variant) return a.tag - b.tag;
      return compareValues(variant.type, typespace, a.value, b.value);
    }
    case 'array':
      if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
      if (!isList(a) || !isList(b)) break;
      for (let at = 0; at < a.length && at < b.length; at++) {
        const order = compareValues(resolved.element, typespace, a[at] as SatsValue, b[at] as SatsValue);
        if (order !== 0) return order;
      }
      return a.length - b.length;
    case 'string':
      if (typeof a !== 'string' || typeof b !== 'string') break;
      return compareStrings(a, b);
    case 'f32':
    case 'f64':
      if (typeof a !== 'number' || typeof b !== 'number') break;
      return compareFloats(a, b);
    default:
      return a < b ? -1 : a > b ? 1 : 0;
  }
  throw new TypeError(`values of kind ${resolved.kind} were expected`);
}

/** Compares by UTF-8 bytes. That differs from UTF-16 order only between surrogates and the units above them. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Surrogates encode the highest code points, so they sort after the units above them. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function compareFloats(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

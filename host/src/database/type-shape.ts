// Equality of types between two versions of a module.

import { resolveType, type AlgebraicType, type ProductElement, type Typespace } from '../sats/type.ts';

/** A type and the typespace of its references. */
export interface Placed {
  readonly type: AlgebraicType;
  readonly typespace: Typespace;
}

/** Row types are not recursive; other types may be, and are considered equal below this depth. */
const MAX_DEPTH = 64;

/** Returns true if two types have the same parts under the same names. */
export function isSameShape(a: Placed, b: Placed, depth = 0): boolean {
  if (depth > MAX_DEPTH) return true;
  const before = resolveType(a.type, a.typespace);
  const after = resolveType(b.type, b.typespace);
  const isSameList = (these: readonly ProductElement[], those: readonly ProductElement[]): boolean =>
    these.length === those.length &&
    these.every((part, at) => {
      const other = those[at];
      if (!other || other.name !== part.name) return false;
      return isSameShape({ ...a, type: part.type }, { ...b, type: other.type }, depth + 1);
    });
  if (before.kind === 'product') return after.kind === 'product' && isSameList(before.elements, after.elements);
  if (before.kind === 'sum') return after.kind === 'sum' && isSameList(before.variants, after.variants);
  if (before.kind === 'array') {
    return (
      after.kind === 'array' && isSameShape({ ...a, type: before.element }, { ...b, type: after.element }, depth + 1)
    );
  }
  return before.kind === after.kind;
}

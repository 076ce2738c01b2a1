// Whether types of two versions of a module hold the same values.

import { isUnit, resolveType, type AlgebraicType, type ProductElement, type Typespace } from '../sats/type.ts';

/** A type and where its references lead. */
export interface Placed {
  readonly type: AlgebraicType;
  readonly typespace: Typespace;
}

/** Types of rows are not recursive; others may be, and are taken for equal from here on. */
const DEEPEST = 64;

/** Whether two types are made of the same parts under the same names. */
export function isSameShape(a: Placed, b: Placed, depth = 0): boolean {
  if (depth > DEEPEST) return true;
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

/** Whether every value of a column's type is a value of the next version's: the same, or an enum with more names. */
export function isWidened(a: Placed, b: Placed): boolean {
  if (isSameShape(a, b)) return true;
  const before = resolveType(a.type, a.typespace);
  const after = resolveType(b.type, b.typespace);
  return (
    before.kind === 'sum' &&
    after.kind === 'sum' &&
    after.variants.every(variant => isUnit(variant.type)) &&
    before.variants.every((variant, at) => isUnit(variant.type) && after.variants[at]?.name === variant.name)
  );
}

// Names of types as SpacetimeDB writes them in error messages.

import { type AlgebraicType, type ProductElement, resolveType, type Typespace } from '../sats/type.ts';

/** Depth limit, as types may be recursive. */
const MAX_DEPTH = 8;

/** The type as text: `U8`, `Array<I16>`, `(x: I32, y: I32)`, `(some: String | none: ())`. */
export function typeName(type: AlgebraicType, typespace: Typespace, depth = 0): string {
  if (depth > MAX_DEPTH) return '…';
  const resolved = resolveType(type, typespace);
  const named = (element: ProductElement, at: number): string =>
    `${element.name ?? at}: ${typeName(element.type, typespace, depth + 1)}`;
  const variant = ({ name, type: payload }: ProductElement): string =>
    `${name === undefined ? '' : `${name}: `}${typeName(payload, typespace, depth + 1)}`;
  switch (resolved.kind) {
    case 'product':
      return `(${resolved.elements.map(named).join(', ')})`;
    case 'sum':
      return resolved.variants.length === 0 ? '(|)' : `(${resolved.variants.map(variant).join(' | ')})`;
    case 'array':
      return `Array<${typeName(resolved.element, typespace, depth + 1)}>`;
    default:
      return resolved.kind.charAt(0).toUpperCase() + resolved.kind.slice(1);
  }
}

/** Returns true if two types of one module are the same, directly or by reference. */
export function isSameType(a: AlgebraicType, b: AlgebraicType, typespace: Typespace): boolean {
  if (a === b || (a.kind === 'ref' && b.kind === 'ref' && a.ref === b.ref)) return true;
  const left = resolveType(a, typespace);
  const right = resolveType(b, typespace);
  return left === right || typeName(left, typespace) === typeName(right, typespace);
}

/** Returns true for an array of u8. */
export function isByteArray(type: AlgebraicType, typespace: Typespace): boolean {
  const resolved = resolveType(type, typespace);
  return resolved.kind === 'array' && resolveType(resolved.element, typespace).kind === 'u8';
}

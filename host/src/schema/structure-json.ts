// JSON of the parts that both versions of a module description share: sums as `{"Variant": value}`.

import { type JsonData } from '../sats/json-text.ts';
import { type AlgebraicType, type ProductElement, type ProductType } from '../sats/type.ts';
import { type RawIndexDef, type RawSequenceDef } from './raw.ts';

/** An algebraic type; a primitive is a variant without payload, such as `{"U32": []}`. */
export function typeJson(type: AlgebraicType): JsonData {
  switch (type.kind) {
    case 'ref':
      return { Ref: type.ref };
    case 'product':
      return { Product: product(type) };
    case 'sum':
      return { Sum: { variants: elements(type.variants) } };
    case 'array':
      return { Array: typeJson(type.element) };
    default:
      return enumeration(type.kind[0]?.toUpperCase() + type.kind.slice(1));
  }
}

/** A product as its elements, with their names and types. */
export function product(type: ProductType): JsonData {
  return { elements: elements(type.elements) };
}

function elements(all: readonly ProductElement[]): JsonData[] {
  return all.map(({ name, type }) => ({ name: option(name), algebraic_type: typeJson(type) }));
}

/** A variant without payload. */
export function enumeration(variant: string): JsonData {
  return { [variant]: [] };
}

/** An option: `{"some": …}`, or `{"none": []}` for undefined. */
export function option(value: JsonData | undefined): JsonData {
  return value === undefined ? { none: [] } : { some: value };
}

const ALGORITHMS = { btree: 'BTree', hash: 'Hash', direct: 'Direct' } as const;

/** The algorithm of an index, with its columns; a direct one has a single column. */
export function algorithm({ algorithm, columns }: Pick<RawIndexDef, 'algorithm' | 'columns'>): JsonData {
  return { [ALGORITHMS[algorithm]]: algorithm === 'direct' ? (columns[0] ?? 0) : columns };
}

/** A sequence without its name, whose key differs between the versions. */
export function sequence({ column, start, min, max, increment }: RawSequenceDef): { [key: string]: JsonData } {
  return { column, start: option(start), min_value: option(min), max_value: option(max), increment };
}

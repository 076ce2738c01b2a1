// Algebraic types decoded from BSATN, the form in which a module describes its columns and arguments.

import { BsatnError, type BsatnReader } from '../sats/reader.ts';
import { type AlgebraicType, type PrimitiveKind, type ProductElement, type ProductType } from '../sats/type.ts';

/** The primitives in tag order; the tags start after ref, sum, product and array. */
const PRIMITIVES: readonly PrimitiveKind[] = [
  'string',
  'bool',
  'i8',
  'u8',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'i128',
  'u128',
  'i256',
  'u256',
  'f32',
  'f64',
];

/** A described type is written out in full, so only a damaged or hostile description nests deeper. */
const MAX_DEPTH = 128;

/** Reads one algebraic type. Throws `BsatnError` for an unknown tag or too deep nesting. */
export function decodeType(reader: BsatnReader, depth = 0): AlgebraicType {
  if (depth > MAX_DEPTH) throw new BsatnError(`a type nested deeper than ${MAX_DEPTH} levels`);
  const tag = reader.u8();
  switch (tag) {
    case 0:
      return { kind: 'ref', ref: reader.u32() };
    case 1:
      return { kind: 'sum', variants: decodeElements(reader, depth) };
    case 2:
      return { kind: 'product', elements: decodeElements(reader, depth) };
    case 3:
      return { kind: 'array', element: decodeType(reader, depth + 1) };
    default: {
      const kind = PRIMITIVES[tag - 4];
      if (!kind) throw new BsatnError(`unknown type tag ${tag}`);
      return { kind };
    }
  }
}

/** Reads the elements of a product; used where a type can only be a product, which has no tag then. */
export function decodeProduct(reader: BsatnReader): ProductType {
  return { kind: 'product', elements: decodeElements(reader, 0) };
}

function decodeElements(reader: BsatnReader, depth: number): ProductElement[] {
  return decodeList(reader, () => {
    const name = decodeOption(reader, () => reader.string());
    return { name, type: decodeType(reader, depth + 1) };
  });
}

/** Reads a list; every item takes at least one byte, so a false count fails at the end of the bytes. */
export function decodeList<T>(reader: BsatnReader, item: () => T): T[] {
  const count = reader.u32();
  const items: T[] = [];
  for (let at = 0; at < count; at++) items.push(item());
  return items;
}

/** Reads an option: `some` is tag 0, `none` tag 1. */
export function decodeOption<T>(reader: BsatnReader, some: () => T): T | undefined {
  return decodeEnum(reader, [true, false]) ? some() : undefined;
}

/** Reads the tag of a sum without payload and returns its meaning. */
export function decodeEnum<T>(reader: BsatnReader, meanings: readonly T[]): T {
  const tag = reader.u8();
  const meaning = meanings[tag];
  if (meaning === undefined) throw new BsatnError(`unknown tag ${tag} of ${meanings.length}`);
  return meaning;
}

// Algebraic types as BSATN: how a module describes what its columns and arguments are made of.

import { BsatnError, type BsatnReader } from '../sats/reader.ts';
import { type AlgebraicType, type PrimitiveKind, type ProductElement, type ProductType } from '../sats/type.ts';

/** The primitives in the order of their tags, which begin after ref, sum, product and array. */
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

/** Reads one algebraic type; throws `BsatnError` for an unknown tag or one that nests without end. */
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

/** Reads the elements of a product, which stand where a structure is known to be one. */
export function decodeProduct(reader: BsatnReader): ProductType {
  return { kind: 'product', elements: decodeElements(reader, 0) };
}

function decodeElements(reader: BsatnReader, depth: number): ProductElement[] {
  return decodeList(reader, () => {
    const name = decodeOption(reader, () => reader.string());
    return { name, type: decodeType(reader, depth + 1) };
  });
}

/** Reads a list; every item is longer than nothing, so a false count ends with the bytes. */
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

/** Reads the tag of a sum without payload and gives what stands for it. */
export function decodeEnum<T>(reader: BsatnReader, meanings: readonly T[]): T {
  const tag = reader.u8();
  const meaning = meanings[tag];
  if (meaning === undefined) throw new BsatnError(`unknown tag ${tag} of ${meanings.length}`);
  return meaning;
}

// Values of algebraic types as plain JavaScript data, with their encoding to and decoding from BSATN.

import { isUtf8 } from 'node:buffer';
import { BsatnError, MAX_EMPTY_ELEMENTS, type BsatnReader } from './reader.ts';
import { type AlgebraicType, type ProductElement, resolveType, type Typespace, WIDTH } from './type.ts';
import { type BsatnWriter } from './writer.ts';

/** A value of a sum: the position of its variant and the payload. */
export interface SumValue {
  readonly tag: number;
  readonly value: SatsValue;
}

/**
 * A value without its type. Integers of 64 bits and more are `bigint`, an array of u8 is a `Uint8Array`; other arrays and
 * products are positional lists.
 */
export type SatsValue = boolean | number | bigint | string | Uint8Array | readonly SatsValue[] | SumValue;

/** The payload of a variant without one. */
export const UNIT: readonly SatsValue[] = [];

/** Types may be recursive, so the bytes decide the depth of a value; deeper ones are refused. */
const MAX_DEPTH = 256;

/** Decodes the next value; byte arrays are copies. Throws `BsatnError` if the bytes are not a value of the type. */
export function decodeValue(type: AlgebraicType, typespace: Typespace, reader: BsatnReader, depth = 0): SatsValue {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product': {
      const fields: SatsValue[] = [];
      for (const { type: field } of resolved.elements) {
        fields.push(decodeValue(field, typespace, reader, deeper(depth)));
      }
      return fields;
    }
    case 'sum': {
      const tag = reader.u8();
      const variant = resolved.variants[tag];
      if (!variant) throw unknownTag(tag, resolved.variants.length);
      return { tag, value: decodeValue(variant.type, typespace, reader, deeper(depth)) };
    }
    case 'array': {
      const element = resolveType(resolved.element, typespace);
      if (element.kind === 'u8') return reader.byteArray().slice();
      const count = readCount(reader);
      if (isEmpty(element, typespace)) reader.takeEmpty(count);
      const elements: SatsValue[] = [];
      for (let i = 0; i < count; i++) elements.push(decodeValue(element, typespace, reader, deeper(depth)));
      return elements;
    }
    default:
      return reader[resolved.kind]();
  }
}

/** Skips one value; throws `BsatnError` if the next bytes are not one. Faster than decoding. */
export function checkValue(type: AlgebraicType, typespace: Typespace, reader: BsatnReader, depth = 0): void {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product':
      for (const { type: field } of resolved.elements) checkValue(field, typespace, reader, deeper(depth));
      return;
    case 'sum': {
      const tag = reader.u8();
      const variant = resolved.variants[tag];
      if (!variant) throw unknownTag(tag, resolved.variants.length);
      return checkValue(variant.type, typespace, reader, deeper(depth));
    }
    case 'array': {
      const element = resolveType(resolved.element, typespace);
      if (element.kind === 'u8') return void reader.byteArray();
      const count = readCount(reader);
      if (isEmpty(element, typespace)) return;
      if (element.kind in WIDTH && element.kind !== 'bool') {
        return void reader.take(count * WIDTH[element.kind as keyof typeof WIDTH]);
      }
      for (let i = 0; i < count; i++) checkValue(element, typespace, reader, deeper(depth));
      return;
    }
    case 'string':
      return checkUtf8(reader.byteArray());
    case 'bool':
      return void reader.bool();
    default:
      reader.take(WIDTH[resolved.kind]);
  }
}

/** Appends a value. A value of another type is a bug of the caller and throws a `TypeError`. */
export function encodeValue(type: AlgebraicType, typespace: Typespace, value: SatsValue, writer: BsatnWriter): void {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product': {
      if (!isList(value) || value.length !== resolved.elements.length) throw mismatch(resolved, value);
      for (let at = 0; at < value.length; at++) {
        encodeValue((resolved.elements[at] as ProductElement).type, typespace, value[at] as SatsValue, writer);
      }
      return;
    }
    case 'sum': {
      const variant = isSum(value) ? resolved.variants[value.tag] : undefined;
      if (!isSum(value) || !variant) throw mismatch(resolved, value);
      writer.u8(value.tag);
      return encodeValue(variant.type, typespace, value.value, writer);
    }
    case 'array': {
      const element = resolveType(resolved.element, typespace);
      if (element.kind === 'u8' && value instanceof Uint8Array) return void writer.byteArray(value);
      if (!isList(value)) throw mismatch(resolved, value);
      writer.u32(value.length);
      for (const item of value) encodeValue(element, typespace, item, writer);
      return;
    }
    case 'string':
      if (typeof value !== 'string') throw mismatch(resolved, value);
      return void writer.string(value);
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(resolved, value);
      return void writer.bool(value);
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
    case 'i32':
    case 'u32':
    case 'f32':
    case 'f64':
      if (typeof value !== 'number') throw mismatch(resolved, value);
      return void writer[resolved.kind](value);
    default:
      if (typeof value !== 'bigint') throw mismatch(resolved, value);
      writer[resolved.kind](value);
  }
}

/** Returns true for a positional list: a product, or an array of anything but u8. */
export function isList(value: SatsValue): value is readonly SatsValue[] {
  return Array.isArray(value);
}

/** Returns true for a value of a sum. */
export function isSum(value: SatsValue): value is SumValue {
  return typeof value === 'object' && 'tag' in value;
}

/** Throws `BsatnError` unless the bytes are UTF-8. */
export function checkUtf8(bytes: Uint8Array): void {
  // Most strings of most rows are short and ASCII; a loop detects that faster than a call into C++.
  if (bytes.length <= 64) {
    let at = 0;
    while (at < bytes.length && (bytes[at] as number) < 0x80) at++;
    if (at === bytes.length) return;
  }
  if (!isUtf8(bytes)) throw new BsatnError('invalid UTF-8 in a string');
}

function readCount(reader: BsatnReader): number {
  const count = reader.u32();
  if (count > reader.left + MAX_EMPTY_ELEMENTS) {
    throw new BsatnError(`data too short: ${count} elements announced, ${reader.left} bytes left`);
  }
  return count;
}

/** Returns true if no value of a type has bytes. */
function isEmpty(type: AlgebraicType, typespace: Typespace, depth = 0): boolean {
  if (type.kind !== 'product' && type.kind !== 'ref') return false;
  const resolved = resolveType(type, typespace);
  if (resolved.kind !== 'product' || depth >= MAX_DEPTH) return false;
  return resolved.elements.every(element => isEmpty(element.type, typespace, depth + 1));
}

function deeper(depth: number): number {
  if (depth >= MAX_DEPTH) throw new BsatnError(`nested deeper than ${MAX_DEPTH} levels`);
  return depth + 1;
}

function unknownTag(tag: number, variants: number): BsatnError {
  return new BsatnError(`unknown tag ${tag} of a sum of ${variants} variants`);
}

function mismatch(type: AlgebraicType, value: SatsValue): TypeError {
  return new TypeError(`a value of kind ${type.kind} was expected, not ${typeof value}`);
}

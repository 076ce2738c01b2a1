// Plain values for tests: objects by field, options as the value or `undefined`, variants as `{ tag, value }`.

import { optionInner, resolveType, type AlgebraicType, type ProductElement, type Typespace } from '../sats/type.ts';
import { isList, isSum, type SatsValue, UNIT } from '../sats/value.ts';

/**
 * A plain value. Products are objects with camel-cased keys; a product of one hidden field (Identity, Timestamp,
 * …) is that field; a variant without a value is `{ tag }`. 64 bits and more are `bigint`.
 */
export type Plain = undefined | boolean | number | bigint | string | Uint8Array | readonly Plain[] | PlainObject;

/** Fields by name. */
export interface PlainObject {
  readonly [field: string]: Plain;
}

/** Converts a value of a type to a plain value. */
export function toPlain(type: AlgebraicType, typespace: Typespace, value: SatsValue): Plain {
  const resolved = resolveType(type, typespace);
  const inner = optionInner(resolved);
  if (inner && isSum(value)) return value.tag === 1 ? undefined : toPlain(inner, typespace, value.value);
  switch (resolved.kind) {
    case 'product': {
      if (!isList(value)) break;
      const hidden = hiddenField(resolved.elements);
      if (hidden) return toPlain(hidden.type, typespace, value[0] as SatsValue);
      const fields = resolved.elements.map((field, at) => [
        camel(field.name ?? `${at}`),
        toPlain(field.type, typespace, value[at] as SatsValue),
      ]);
      return Object.fromEntries(fields) as PlainObject;
    }
    case 'sum': {
      const variant = isSum(value) ? resolved.variants[value.tag] : undefined;
      if (!isSum(value) || !variant) break;
      const tag = pascal(variant.name ?? `${value.tag}`);
      return isUnit(variant, typespace) ? { tag } : { tag, value: toPlain(variant.type, typespace, value.value) };
    }
    case 'array':
      if (value instanceof Uint8Array) return value;
      if (isList(value)) return value.map(element => toPlain(resolved.element, typespace, element));
      break;
    default:
  }
  return value as Plain; // primitives are the same in both
}

/** Converts a plain value for `encodeValue`. Throws a TypeError that names the fault and its place. */
export function fromPlain(type: AlgebraicType, typespace: Typespace, plain: Plain, at = 'the value'): SatsValue {
  const resolved = resolveType(type, typespace);
  const inner = optionInner(resolved);
  if (inner) {
    return plain === undefined || plain === null
      ? { tag: 1, value: UNIT }
      : { tag: 0, value: fromPlain(inner, typespace, plain, at) };
  }
  switch (resolved.kind) {
    case 'product': {
      const hidden = hiddenField(resolved.elements);
      if (hidden && !isPlainObject(plain)) return [fromPlain(hidden.type, typespace, plain, at)];
      if (!isPlainObject(plain)) throw new TypeError(`${at} must be an object`);
      const given = new Map(Object.entries(plain).map(([name, value]) => [plainName(name), value]));
      const values = resolved.elements.map((field, position) => {
        const name = field.name ?? `${position}`;
        const value = given.get(plainName(name));
        given.delete(plainName(name));
        return fromPlain(field.type, typespace, value, `${at}.${camel(name)}`);
      });
      for (const name of given.keys()) throw new TypeError(`${at} has no field ${name}`);
      return values;
    }
    case 'sum': {
      const name = isPlainObject(plain) ? plain['tag'] : plain;
      if (typeof name !== 'string') throw new TypeError(`${at} must be a variant: { tag, value }`);
      const tag = resolved.variants.findIndex(variant => plainName(variant.name ?? '') === plainName(name));
      const variant = resolved.variants[tag];
      if (!variant) throw new TypeError(`${at} has no variant ${name}`);
      const value = isPlainObject(plain) ? plain['value'] : undefined;
      const payload = isUnit(variant, typespace) ? UNIT : fromPlain(variant.type, typespace, value, `${at}.${name}`);
      return { tag, value: payload };
    }
    case 'array':
      if (plain instanceof Uint8Array) return plain;
      if (!Array.isArray(plain)) throw new TypeError(`${at} must be a list`);
      return (plain as readonly Plain[]).map((element, n) =>
        fromPlain(resolved.element, typespace, element, `${at}[${n}]`),
      );
    case 'string':
      if (typeof plain !== 'string') throw new TypeError(`${at} must be a string`);
      return plain;
    case 'bool':
      if (typeof plain !== 'boolean') throw new TypeError(`${at} must be true or false`);
      return plain;
    case 'i64':
    case 'u64':
    case 'i128':
    case 'u128':
    case 'i256':
    case 'u256':
      if (typeof plain !== 'bigint' && !Number.isSafeInteger(plain)) throw new TypeError(`${at} must be an integer`);
      return BigInt(plain as bigint | number);
    default:
      if (typeof plain !== 'number') throw new TypeError(`${at} must be a number`);
      return plain;
  }
}

/** `some_name` as `someName`, the spelling of modules and clients. */
export function camel(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

/** A name without its spelling, to match canonical and source names. */
export function plainName(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + camel(name.slice(1));
}

function hiddenField(elements: readonly ProductElement[]): ProductElement | undefined {
  const [only, ...more] = elements;
  return more.length === 0 && only?.name?.startsWith('__') ? only : undefined;
}

function isUnit({ type }: ProductElement, typespace: Typespace): boolean {
  const resolved = resolveType(type, typespace);
  return resolved.kind === 'product' && resolved.elements.length === 0;
}

function isPlainObject(plain: Plain): plain is PlainObject {
  return typeof plain === 'object' && !Array.isArray(plain) && !(plain instanceof Uint8Array);
}

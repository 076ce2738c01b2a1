// SATS-JSON: values as SpacetimeDB writes and reads them over HTTP. Defined by clockworklabs/SpacetimeDB:
// crates/sats/src/ser/serde.rs and de/serde.rs; tests/conformance/recordings/types.jsonl pins it.

import { floatText } from './float-text.ts';
import { bytesToHex, parseBytes } from './hex.ts';
import { type Json, JsonError, JsonNumber, type JsonObject, type JsonText, parseJson } from './json-text.ts';
import {
  type AlgebraicType,
  type ArrayType,
  optionInner,
  type ProductElement,
  type PrimitiveKind,
  type ProductType,
  resolveType,
  type SumType,
  type Typespace,
} from './type.ts';
import { isList, isSum, type SatsValue, type SumValue, UNIT } from './value.ts';

type IntegerKind = Exclude<PrimitiveKind, 'bool' | 'string' | 'f32' | 'f64'>;

const BITS: Record<IntegerKind, number> = {
  i8: 8,
  u8: 8,
  i16: 16,
  u16: 16,
  i32: 32,
  u32: 32,
  i64: 64,
  u64: 64,
  i128: 128,
  u128: 128,
  i256: 256,
  u256: 256,
};

/** Writes a value in the form of rows and results: products as arrays, sums as `[tag, payload]`. */
export function toJson(type: AlgebraicType, typespace: Typespace, value: SatsValue): JsonText {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product':
      if (!isList(value)) break;
      return `[${resolved.elements.map((field, at) => toJson(field.type, typespace, value[at] as SatsValue)).join(',')}]`;
    case 'sum': {
      const variant = isSum(value) ? resolved.variants[value.tag] : undefined;
      if (!isSum(value) || !variant) break;
      return `[${value.tag},${toJson(variant.type, typespace, value.value)}]`;
    }
    case 'array':
      if (value instanceof Uint8Array) return `"${bytesToHex(value)}"`;
      if (!isList(value)) break;
      return `[${value.map(element => toJson(resolved.element, typespace, element)).join(',')}]`;
    case 'i256':
    case 'u256':
      if (typeof value !== 'bigint') break;
      return value < 0n ? `"-0x${(-value).toString(16)}"` : `"0x${value.toString(16)}"`;
    case 'f32':
    case 'f64':
      if (typeof value !== 'number') break;
      return floatText(resolved.kind, value);
    default:
      if (typeof value === 'string') return JSON.stringify(value);
      if (typeof value !== 'object') return value.toString();
  }
  throw new TypeError(`a value of kind ${resolved.kind} was expected`);
}

/** Reads a value of a type from JSON text. Throws `JsonError` with the fault and its place. */
export function fromJson(type: AlgebraicType, typespace: Typespace, text: JsonText): SatsValue {
  return fromParsedJson(type, typespace, parseJson(text));
}

/** As `fromJson`, for JSON that `parseJson` has parsed. */
export function fromParsedJson(type: AlgebraicType, typespace: Typespace, json: Json): SatsValue {
  return new JsonValueReader(typespace).read(type, json, '');
}

class JsonValueReader {
  readonly #typespace: Typespace;

  constructor(typespace: Typespace) {
    this.#typespace = typespace;
  }

  /** `path` is the place of `json` in the whole value, as `.field` and `[position]`. */
  read(type: AlgebraicType, json: Json, path: string): SatsValue {
    const resolved = resolveType(type, this.#typespace);
    switch (resolved.kind) {
      case 'product':
        return this.#product(resolved, json, path);
      case 'sum':
        return this.#sum(resolved, json, path);
      case 'array':
        return this.#array(resolved, json, path);
      case 'bool':
        if (typeof json !== 'boolean') throw wrongType(json, 'a boolean', path);
        return json;
      case 'string':
        if (typeof json !== 'string') throw wrongType(json, 'a string', path);
        return json;
      case 'f32':
      case 'f64': {
        if (!(json instanceof JsonNumber)) throw wrongType(json, resolved.kind, path);
        const number = resolved.kind === 'f32' ? Math.fround(Number(json.text)) : Number(json.text);
        if (!Number.isFinite(number)) throw at(path, `number out of range: ${json.text}`);
        return number;
      }
      default:
        return readInteger(resolved.kind, json, path);
    }
  }

  #product(type: ProductType, json: Json, path: string): SatsValue[] {
    const { elements } = type;
    if (isArray(json)) {
      if (json.length !== elements.length) {
        throw at(path, `invalid length ${json.length}, expected ${describeProduct(elements)}`);
      }
      return elements.map((element, i) => this.read(element.type, json[i] as Json, `${path}[${i}]`));
    }
    if (!isObject(json)) throw wrongType(json, describeProduct(elements), path);
    for (const key of json.keys()) {
      if (!elements.some(({ name }) => name === key)) throw at(path, `unknown field \`${key}\``);
    }
    return elements.map(({ name, type }, i) => {
      const field = json.get(name ?? String(i));
      if (field === undefined) throw at(path, `missing field \`${name ?? i}\``);
      return this.read(type, field, `${path}.${name ?? i}`);
    });
  }

  #sum(type: SumType, json: Json, path: string): SumValue {
    if (json === null && optionInner(type)) return { tag: 1, value: UNIT };
    if (isArray(json)) {
      const [key, payload] = json;
      if (json.length !== 2 || payload === undefined || key === undefined) {
        throw at(path, `invalid length ${json.length}, expected a sum as [tag, value]`);
      }
      if (key instanceof JsonNumber) return this.#variant(type, key.text, payload, path);
      if (typeof key === 'string') return this.#variant(type, key, payload, path);
      throw wrongType(key, 'a tag or a variant name', path);
    }
    if (!isObject(json)) throw wrongType(json, 'a sum as {variant: value} or [tag, value]', path);
    const [entry, more] = json;
    if (!entry || more) throw at(path, `a sum has exactly one key, found ${json.size}`);
    return this.#variant(type, entry[0], entry[1], path);
  }

  #variant(type: SumType, key: string, payload: Json, path: string): SumValue {
    const named = type.variants.findIndex(({ name }) => name === key);
    const tag = named >= 0 ? named : /^[0-9]+$/.test(key) ? Number(key) : -1;
    const variant = type.variants[tag];
    if (!variant) {
      const known = type.variants.map(({ name }, i) => `\`${name ?? i}\``).join(', ');
      throw at(
        path,
        `unknown variant \`${key}\`, expected ${known ? `one of ${known}` : 'none, as the type has no variants'}`,
      );
    }
    return { tag, value: this.read(variant.type, payload, `${path}.${variant.name ?? tag}`) };
  }

  #array(type: ArrayType, json: Json, path: string): SatsValue {
    const element = resolveType(type.element, this.#typespace);
    if (element.kind === 'u8' && typeof json === 'string') {
      const bytes = parseBytes(json);
      if (!bytes) throw at(path, `invalid hex string ${JSON.stringify(json)}`);
      return bytes;
    }
    if (!isArray(json)) throw wrongType(json, 'an array', path);
    if (element.kind === 'u8')
      return Uint8Array.from(json, (item, i) => Number(readInteger('u8', item, `${path}[${i}]`)));
    return json.map((item, i) => this.read(element, item, `${path}[${i}]`));
  }
}

function readInteger(kind: IntegerKind, json: Json, path: string): number | bigint {
  const bits = BITS[kind];
  const number = integerOf(json, bits);
  if (number === undefined) throw wrongType(json, bits === 256 ? `${kind} as a string 0x…` : kind, path);
  const lowest = kind.startsWith('i') ? -(1n << BigInt(bits - 1)) : 0n;
  const highest = lowest + (1n << BigInt(bits)) - 1n;
  if (number < lowest || number > highest) throw at(path, `invalid value: integer \`${number}\`, expected ${kind}`);
  return bits < 64 ? Number(number) : number;
}

/** The integer that the JSON encodes; integers of 256 bits are strings. */
function integerOf(json: Json, bits: number): bigint | undefined {
  if (bits < 256) return json instanceof JsonNumber && /^-?[0-9]+$/.test(json.text) ? BigInt(json.text) : undefined;
  const [, sign, digits] = (typeof json === 'string' && /^(-?)0x([0-9a-fA-F]+)$/.exec(json)) || [];
  if (digits === undefined) return undefined;
  return sign ? -BigInt(`0x${digits}`) : BigInt(`0x${digits}`);
}

function describeProduct(elements: readonly ProductElement[]): string {
  return `a product of ${elements.length} ${elements.length === 1 ? 'field' : 'fields'}`;
}

function wrongType(json: Json, expected: string, path: string): JsonError {
  return at(path, `invalid type: ${describe(json)}, expected ${expected}`);
}

function at(path: string, what: string): JsonError {
  return new JsonError(path ? `${path}: ${what}` : what);
}

function describe(json: Json): string {
  if (json === null) return 'null';
  if (typeof json === 'boolean') return `boolean \`${json}\``;
  if (typeof json === 'string') return `string ${JSON.stringify(json)}`;
  if (json instanceof JsonNumber) return `${/[.eE]/.test(json.text) ? 'floating point' : 'integer'} \`${json.text}\``;
  return isArray(json) ? 'sequence' : 'map';
}

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function isObject(json: Json): json is JsonObject {
  return json instanceof Map;
}

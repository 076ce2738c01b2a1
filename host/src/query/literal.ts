// Literals: converts their text into a value of a type.

import { parseBytes, parseConnectionId, parseIdentity } from '../sats/hex.ts';
import { type AlgebraicType, type PrimitiveKind, resolveType, specialName, type Typespace } from '../sats/type.ts';
import type { SatsValue } from '../sats/value.ts';
import { QueryError } from './query-error.ts';
import type { Literal } from './syntax.ts';
import { isByteArray, typeName } from './type-name.ts';

type IntegerKind = Exclude<PrimitiveKind, 'bool' | 'string' | 'f32' | 'f64'>;

/** No integer type has more decimal digits, so a longer number is refused without expanding it. */
const MAX_DIGITS = 80;

/** The value of a literal where `type` is expected. Throws `QueryError`. */
export function literalValue(literal: Literal, type: AlgebraicType, typespace: Typespace): SatsValue {
  const resolved = resolveType(type, typespace);
  if (literal.kind === 'bool') {
    if (resolved.kind === 'bool') return literal.value;
    throw unexpectedType({ kind: 'bool' }, type, typespace);
  }
  const value = parseAs(literal, type, typespace);
  if (value === undefined) {
    throw new QueryError(
      'query/type',
      `The literal expression \`${literal.text}\` cannot be parsed as type \`${typeName(resolved, typespace)}\``,
    );
  }
  return value;
}

/** The refusal of one type where another is expected; SpacetimeDB prints them in this order. */
export function unexpectedType(found: AlgebraicType, wanted: AlgebraicType, typespace: Typespace): QueryError {
  return new QueryError(
    'query/type',
    `Unexpected type: (expected) ${typeName(found, typespace)} != ${typeName(wanted, typespace)} (inferred)`,
  );
}

function parseAs(
  { kind, text }: Exclude<Literal, { kind: 'bool' }>,
  type: AlgebraicType,
  typespace: Typespace,
): SatsValue | undefined {
  const resolved = resolveType(type, typespace);
  switch (resolved.kind) {
    case 'product':
      return inProduct(parseSpecial(resolved, text));
    case 'array':
      return isByteArray(resolved, typespace) ? parseBytes(text) : undefined;
    case 'string':
      return text;
    case 'sum':
    case 'bool':
      return undefined;
    case 'f32':
    case 'f64':
      return kind === 'hex' ? undefined : parseFloatText(text, resolved.kind);
    default: {
      const integer = kind === 'hex' ? undefined : parseInteger(text, resolved.kind);
      if (integer === undefined) return undefined;
      return isWide(resolved.kind) ? integer : Number(integer);
    }
  }
}

function parseSpecial(type: AlgebraicType, text: string): bigint | undefined {
  switch (specialName(type)) {
    case 'identity':
      return parseIdentity(text);
    case 'connectionId':
      return parseConnectionId(text);
    case 'timestamp':
      return parseTimestamp(text);
    case 'uuid':
      return parseUuid(text);
    case 'timeDuration':
    case undefined:
      return undefined;
  }
}

function inProduct(inner: bigint | undefined): SatsValue | undefined {
  return inner === undefined ? undefined : [inner];
}

function isWide(kind: IntegerKind): boolean {
  return bits(kind) >= 64;
}

function bits(kind: IntegerKind): number {
  return Number(kind.slice(1));
}

/** An integer in range, with or without a decimal point or an exponent: `3.6e1` is 36. */
function parseInteger(text: string, kind: IntegerKind): bigint | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!parts) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  if (whole === '' && fraction === '') return undefined;
  const digits = (whole + fraction).replace(/^0+/, '');
  const shift = Number(exponent) - fraction.length;
  if (digits === '') return 0n;
  if (digits.length + shift > MAX_DIGITS || digits.length + shift < 1) return undefined;
  const kept = shift < 0 ? digits.slice(0, shift) : digits + '0'.repeat(shift);
  if (shift < 0 && /[^0]/.test(digits.slice(shift))) return undefined;
  const value = BigInt(sign === '-' ? `-${kept}` : kept);
  const wrapped = kind.startsWith('u') ? BigInt.asUintN(bits(kind), value) : BigInt.asIntN(bits(kind), value);
  return wrapped === value ? value : undefined;
}

/** A too large number becomes infinite; NaN and infinity have no literal. */
function parseFloatText(text: string, kind: 'f32' | 'f64'): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  return kind === 'f32' ? Math.fround(Number(text)) : Number(text);
}

/** Microseconds since 1970 of an RFC 3339 time; further digits are truncated. */
function parseTimestamp(text: string): bigint | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(text);
  if (!parts) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = parts;
  const [sign, offsetHours = '0', offsetMinutes = '0'] = parts.slice(8);
  const utc = new Date(0);
  utc.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  utc.setUTCHours(Number(hour), Number(minute), Number(second));
  const isReal =
    utc.getUTCMonth() === Number(month) - 1 &&
    utc.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(offsetHours) < 24 &&
    Number(offsetMinutes) < 60;
  if (!isReal) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return BigInt(utc.getTime() - offset) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

function parseUuid(text: string): bigint | undefined {
  const isHyphenated = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
  const digits = isHyphenated ? text.replaceAll('-', '') : text;
  return /^[0-9a-f]{32}$/i.test(digits) ? BigInt(`0x${digits}`) : undefined;
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareValues } from '../sats/compare.ts';
import type { AlgebraicType } from '../sats/type.ts';
import type { SatsValue } from '../sats/value.ts';
import { byteOrder } from './byte-order.ts';
import { valueBytes } from './check-expression.ts';
import { IDENTITY, TIMESTAMP } from './testing/test-source.ts';

const integers = (bits: number, signed: boolean): fc.Arbitrary<SatsValue> => {
  const min = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const max = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  const all = fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, signed ? -1n : 1n));
  return bits < 64 ? all.map(Number) : all;
};

const KINDS: readonly (readonly [AlgebraicType, fc.Arbitrary<SatsValue>])[] = [
  ...([8, 16, 32, 64, 128, 256] as const).flatMap(bits => [
    [{ kind: `u${bits}` } as const, integers(bits, false)] as const,
    [{ kind: `i${bits}` } as const, integers(bits, true)] as const,
  ]),
  [{ kind: 'bool' }, fc.boolean()],
  [{ kind: 'f32' }, fc.oneof(fc.float(), fc.constantFrom(0, -0, NaN, Infinity))],
  [{ kind: 'f64' }, fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, -Infinity))],
  [{ kind: 'string' }, fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', 'a', 'aa', '\uffff', '\u{10000}'))],
  [{ kind: 'array', element: { kind: 'u8' } }, fc.uint8Array()],
  [IDENTITY, integers(256, false).map(identity => [identity])],
  [TIMESTAMP, integers(64, true).map(micros => [micros])],
];

describe('the order of bytes equals that of the values', () => {
  test.each(KINDS.map(([type, values]) => ({ kind: type.kind, type, values })))('$kind', ({ type, values }) => {
    const order = byteOrder(type, []);
    fc.assert(
      fc.property(values, values, fc.nat(5), (a, b, shift) => {
        const aBytes = valueBytes(type, [], a);
        const bBytes = new Uint8Array([...new Uint8Array(shift), ...valueBytes(type, [], b)]);
        const found = order(aBytes, 0, aBytes.length, bBytes, shift, bBytes.length);
        expect(Math.sign(found)).toBe(Math.sign(compareValues(type, [], a, b)));
      }),
    );
  });
});

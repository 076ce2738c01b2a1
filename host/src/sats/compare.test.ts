import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { typed } from './testing/arbitraries.ts';
import { compareStrings, compareValues } from './compare.ts';
import { type AlgebraicType } from './type.ts';
import { type SatsValue } from './value.ts';

function sorted(type: AlgebraicType, values: readonly SatsValue[]): SatsValue[] {
  return [...values].sort((a, b) => compareValues(type, [], a, b));
}

describe('the order of values', () => {
  test('is total for every type', () => {
    fc.assert(
      fc.property(typed, ({ type, values: [a, b, c] }) => {
        const order = (x: SatsValue, y: SatsValue) => Math.sign(compareValues(type, [], x, y));
        expect(order(a, a)).toBe(0);
        expect(order(a, b) + order(b, a)).toBe(0);
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('puts strings in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareStrings(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareStrings('\u{1f600}', '\uffff')).toBeGreaterThan(0);
  });

  test('puts floats from -Infinity to NaN, with one zero', () => {
    expect(sorted({ kind: 'f64' }, [NaN, 1, Infinity, -1, -Infinity])).toEqual([-Infinity, -1, 1, Infinity, NaN]);
    expect(compareValues({ kind: 'f32' }, [], -0, 0)).toBe(0);
    expect(compareValues({ kind: 'f32' }, [], NaN, NaN)).toBe(0);
  });

  test('puts a shorter array first, sums by tag, products by their first difference', () => {
    expect(sorted({ kind: 'array', element: { kind: 'i8' } }, [[1], [0, 9], [], [-1]])).toEqual([
      [],
      [-1],
      [0, 9],
      [1],
    ]);
    const sum: AlgebraicType = {
      kind: 'sum',
      variants: [
        { name: 'a', type: { kind: 'i64' } },
        { name: 'b', type: { kind: 'bool' } },
      ],
    };
    const [low, high, other] = [
      { tag: 0, value: -2n },
      { tag: 0, value: 3n },
      { tag: 1, value: false },
    ];
    expect(sorted(sum, [other, high, low])).toEqual([low, high, other]);
    const pair: AlgebraicType = {
      kind: 'product',
      elements: [
        { name: 'n', type: { kind: 'i32' } },
        { name: 's', type: { kind: 'string' } },
      ],
    };
    expect(
      sorted(pair, [
        [1, 'a'],
        [-5, 'z'],
        [1, ''],
      ]),
    ).toEqual([
      [-5, 'z'],
      [1, ''],
      [1, 'a'],
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlgebraicType } from '../sats/type.ts';
import { compareValues } from '../sats/compare.ts';
import type { SatsValue } from '../sats/value.ts';
import { SortKeys } from './sort-key.ts';
import { anyType, encode, valueOf } from './testing/random-values.ts';

function sortKey(types: readonly AlgebraicType[], values: readonly SatsValue[], rowKey?: number): string {
  const keys = new SortKeys(types, []).begin();
  types.forEach((type, at) => keys.add(at, encode(type, values[at] ?? 0), 0));
  return (rowKey === undefined ? keys : keys.addRowKey(rowKey)).finish();
}

describe('sort keys', () => {
  test('have the order of the values', () => {
    const aPair = fc.array(anyType, { minLength: 1, maxLength: 3 }).chain(types => {
      const values = fc.tuple(...types.map(valueOf));
      // Values with a common prefix are the hard case of an encoding.
      const alike = fc.tuple(values, values, fc.nat(types.length)).map(([a, b, shared]) => {
        return { types, a, b: [...a.slice(0, shared), ...b.slice(shared)] };
      });
      return alike;
    });
    fc.assert(
      fc.property(aPair, ({ types, a, b }) => {
        const row: AlgebraicType = { kind: 'product', elements: types.map(type => ({ name: undefined, type })) };
        const wanted = Math.sign(compareValues(row, [], a, b));
        const left = sortKey(types, a);
        const right = sortKey(types, b);
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  test('order equal values by their storage key', () => {
    const types: AlgebraicType[] = [{ kind: 'string' }];
    const inOrder = [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 50].map(key => sortKey(types, ['x'], key));
    expect(inOrder.toSorted()).toEqual(inOrder);
    expect(new Set(inOrder).size).toBe(inOrder.length);
  });
});

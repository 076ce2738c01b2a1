import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BsatnError, BsatnReader } from '../sats/reader.ts';
import type { AlgebraicType, ProductType } from '../sats/type.ts';
import { checkValue, decodeValue } from '../sats/value.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { anyType, bsatnOf } from './testing/random-values.ts';
import { keyOfBytes } from './row-key.ts';
import { RowLayout } from './row-layout.ts';

const aRowType: fc.Arbitrary<ProductType> = fc
  .array(anyType, { minLength: 1, maxLength: 6 })
  .map(types => ({ kind: 'product', elements: types.map((type, at) => ({ name: `c${at}`, type })) }));

const aTypedRow = aRowType.chain(type => fc.record({ type: fc.constant(type), bytes: bsatnOf(type) }));

describe('a row layout', () => {
  test('finds every column of any row, in any order of requests', () => {
    fc.assert(
      fc.property(aTypedRow, fc.infiniteStream(fc.nat()), ({ type, bytes }, order) => {
        const layout = RowLayout.of(type, []);
        const other = bytes.slice();
        const reader = new BsatnReader(bytes);
        const columns = type.elements.map(element => {
          const start = reader.at;
          return { value: decodeValue(element.type, [], reader), bytes: bytes.slice(start, reader.at) };
        });

        layout.check(bytes);

        for (let round = 0; round < 10; round++) {
          const column = (order.next().value ?? 0) % columns.length;
          const row = round % 2 ? bytes : other;
          expect(layout.value(row, column)).toEqual(columns[column]?.value);
          expect(Buffer.from(layout.columnBytes(row, column)).equals(columns[column]?.bytes ?? bytes)).toBe(true);
          const picked = [column, ...columns.keys().filter(at => at > column && at % 2 === round % 2)];
          const wanted = keyOfBytes(Buffer.concat(picked.map(at => columns[at]?.bytes ?? bytes)));
          expect(layout.keyOf(row, picked)).toBe(wanted);
        }
        expect(layout.endOf(Buffer.concat([Buffer.alloc(3), bytes]), 3)).toBe(3 + bytes.length);
        if (layout.fixedSize !== undefined) expect(bytes.length).toBe(layout.fixedSize);
      }),
      { numRuns: 300 },
    );
  });

  test('accepts the bytes of exactly one row', () => {
    const anEdit = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(aTypedRow, anEdit, ({ type, bytes }, { at, byte, cut }) => {
        const layout = RowLayout.of(type, []);
        const edited = bytes.slice(0, Math.max(0, bytes.length - cut));
        if (edited.length > 0) edited[at % edited.length] = byte;
        expect(isRefused(() => layout.check(edited))).toBe(isRefused(() => checkWhole(type, edited)));
      }),
      { numRuns: 500 },
    );
  });

  test('refuses a list that announces more elements than follow, without reading further', () => {
    const layout = RowLayout.of(rowOf({ kind: 'array', element: { kind: 'product', elements: [] } }), []);
    expect(() => layout.check(new BsatnWriter().u32(0xffff_ffff).finish())).toThrow(BsatnError);
  });

  test('derives the width of a row from its columns', () => {
    expect(RowLayout.of(rowOf({ kind: 'u64' }, { kind: 'bool' }), []).fixedSize).toBe(9);
    expect(RowLayout.of(rowOf(), []).fixedSize).toBe(0);
    expect(RowLayout.of(rowOf({ kind: 'u64' }, { kind: 'string' }), []).fixedSize).toBeUndefined();
  });
});

function rowOf(...types: readonly AlgebraicType[]): ProductType {
  return { kind: 'product', elements: types.map(type => ({ name: undefined, type })) };
}

function checkWhole(type: AlgebraicType, bytes: Uint8Array): void {
  const reader = new BsatnReader(bytes);
  checkValue(type, [], reader);
  if (reader.left > 0) throw new BsatnError('bytes left');
}

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (thrown) {
    if (thrown instanceof BsatnError) return true;
    throw thrown;
  }
}

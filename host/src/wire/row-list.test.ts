import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BsatnReader } from '../sats/reader.ts';
import { encodeRowList } from './row-list.ts';

/** The rows of a list, split by its hint alone. */
function rowsOf(list: Uint8Array): { isFixed: boolean; rows: number[][] } {
  const reader = new BsatnReader(list);
  const isFixed = reader.u8() === 0;
  const width = isFixed ? reader.u16() : 0;
  const starts: number[] = [];
  if (!isFixed) for (let left = reader.u32(); left > 0; left--) starts.push(Number(reader.u64()));
  const data = reader.byteArray();
  expect(reader.left).toBe(0);
  if (isFixed) for (let at = 0; at < data.length; at += width) starts.push(at);
  return { isFixed, rows: starts.map((start, at) => [...data.subarray(start, starts[at + 1] ?? data.length)]) };
}

test('a list is split by its hint, which is a fixed size exactly if all rows have the same size', () => {
  const row = fc.uint8Array({ maxLength: 6 });
  const equalRows = fc
    .nat(6)
    .chain(length => fc.array(fc.uint8Array({ minLength: length, maxLength: length }), { maxLength: 6 }));
  fc.assert(
    fc.property(fc.oneof(fc.array(row), equalRows), all => {
      const { isFixed, rows } = rowsOf(encodeRowList(all.map(bytes => ({ bytes }))));
      expect(rows).toEqual(all.map(bytes => [...bytes]));
      const [first] = all;
      expect(isFixed).toBe(
        first !== undefined && first.length > 0 && all.every(({ length }) => length === first.length),
      );
    }),
  );
});

test('lists of one row of four bytes and of no row equal the recorded bytes', () => {
  const hex = (list: Uint8Array): string => Buffer.from(list).toString('hex');
  expect(hex(encodeRowList([{ bytes: new Uint8Array([1, 0, 0, 0]) }]))).toBe('000400' + '04000000' + '01000000');
  expect(hex(encodeRowList([]))).toBe('01' + '00000000' + '00000000');
});

test('a row too wide for a fixed size has offsets', () => {
  const wide = { bytes: new Uint8Array(70_000).fill(7) };
  const { isFixed, rows } = rowsOf(encodeRowList([wide, wide]));
  expect(isFixed).toBe(false);
  expect(rows.map(row => row.length)).toEqual([70_000, 70_000]);
});

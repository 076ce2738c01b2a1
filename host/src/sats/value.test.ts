import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { typed } from './testing/arbitraries.ts';
import { BsatnError, BsatnReader } from './reader.ts';
import { type AlgebraicType, type Typespace } from './type.ts';
import { checkValue, decodeValue, encodeValue, type SatsValue } from './value.ts';
import { BsatnWriter } from './writer.ts';

function encode(type: AlgebraicType, value: SatsValue, typespace: Typespace = []): Uint8Array {
  const writer = new BsatnWriter(1);
  encodeValue(type, typespace, value, writer);
  return writer.finish();
}

const bytes = (...values: number[]) => new BsatnReader(Uint8Array.from(values));

describe('BSATN', () => {
  test('round-trips every value of every type, and skips exactly its bytes', () => {
    fc.assert(
      fc.property(typed, ({ type, values }) => {
        for (const value of values) {
          const encoded = encode(type, value);
          const decoding = new BsatnReader(encoded);
          expect(decodeValue(type, [], decoding)).toEqual(value);
          expect(decoding.left).toBe(0);
          const checking = new BsatnReader(encoded);
          checkValue(type, [], checking);
          expect(checking.left).toBe(0);
        }
      }),
    );
  });

  test('refuses every value that is cut short', () => {
    fc.assert(
      fc.property(typed, fc.nat(), ({ type, values }, cut) => {
        const encoded = encode(type, values[0]);
        fc.pre(encoded.length > 0);
        const short = encoded.subarray(0, cut % encoded.length);
        expect(() => decodeValue(type, [], new BsatnReader(short))).toThrow(BsatnError);
        expect(() => checkValue(type, [], new BsatnReader(short))).toThrow(BsatnError);
      }),
    );
  });

  test('decoding and checking refuse the same bytes', () => {
    fc.assert(
      fc.property(typed, fc.uint8Array({ maxLength: 40 }), ({ type }, noise) => {
        const ends = [decodeValue, checkValue].map(pass => {
          const reader = new BsatnReader(noise);
          try {
            pass(type, [], reader);
            return reader.at;
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(BsatnError);
            return undefined;
          }
        });
        expect(ends[0]).toBe(ends[1]);
      }),
      { numRuns: 400 },
    );
  });

  test.each<[string, AlgebraicType, number[]]>([
    ['a bool of 2', { kind: 'bool' }, [2]],
    ['an unknown tag', { kind: 'sum', variants: [{ name: 'only', type: { kind: 'u8' } }] }, [1, 0]],
    ['a tag of a sum without variants', { kind: 'sum', variants: [] }, [0]],
    ['bytes that are not UTF-8', { kind: 'string' }, [1, 0, 0, 0, 0xff]],
    ['half a surrogate pair', { kind: 'string' }, [3, 0, 0, 0, 0xed, 0xa0, 0x80]],
    [
      'a count beyond the bytes',
      { kind: 'array', element: { kind: 'product', elements: [] } },
      [0xff, 0xff, 0xff, 0xff],
    ],
    ['a length beyond the bytes', { kind: 'array', element: { kind: 'u64' } }, [0xff, 0xff, 0xff, 0xff]],
  ])('refuses %s', (_what, type, input) => {
    expect(() => decodeValue(type, [], bytes(...input))).toThrow(BsatnError);
    expect(() => checkValue(type, [], bytes(...input))).toThrow(BsatnError);
  });

  test('follows references, and refuses values nested without end', () => {
    const typespace: Typespace = [{ kind: 'array', element: { kind: 'ref', ref: 0 } }];
    const nested = new BsatnReader(new Uint8Array(4000).map((_, at) => (at % 4 === 0 ? 1 : 0)));
    expect(decodeValue({ kind: 'ref', ref: 0 }, typespace, bytes(1, 0, 0, 0, 0, 0, 0, 0))).toEqual([[]]);
    expect(() => decodeValue({ kind: 'ref', ref: 0 }, typespace, nested)).toThrow(/nested deeper/);
    nested.at = 0;
    expect(() => checkValue({ kind: 'ref', ref: 0 }, typespace, nested)).toThrow(/nested deeper/);
  });

  test('keeps a byte order mark, and byte arrays apart from the input', () => {
    expect(decodeValue({ kind: 'string' }, [], bytes(3, 0, 0, 0, 0xef, 0xbb, 0xbf))).toBe('\ufeff');
    const input = Uint8Array.of(1, 0, 0, 0, 7);
    const decoded = decodeValue({ kind: 'array', element: { kind: 'u8' } }, [], new BsatnReader(input));
    input[4] = 9;
    expect(decoded).toEqual(Uint8Array.of(7));
  });

  test('refuses to encode a value of another type', () => {
    expect(() => encode({ kind: 'u64' }, 1)).toThrow(TypeError);
    expect(() => encode({ kind: 'u8' }, 1n)).toThrow(TypeError);
    expect(() => encode({ kind: 'product', elements: [] }, [1])).toThrow(TypeError);
    expect(() => encode({ kind: 'sum', variants: [] }, { tag: 0, value: [] })).toThrow(TypeError);
  });
});

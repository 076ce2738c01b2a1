import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { typed } from './testing/arbitraries.ts';
import { JsonError, parseJson, writeJson } from './json-text.ts';
import { fromJson, toJson } from './json.ts';
import { type AlgebraicType, type PrimitiveKind, type ProductType } from './type.ts';
import { type SatsValue } from './value.ts';

const of = (kind: PrimitiveKind): AlgebraicType => ({ kind });
const product = (fields: Record<string, AlgebraicType>): ProductType => ({
  kind: 'product',
  elements: Object.entries(fields).map(([name, type]) => ({ name, type })),
});
const unit = product({});
const shape: AlgebraicType = {
  kind: 'sum',
  variants: [
    { name: 'circle', type: of('f32') },
    { name: 'nothing', type: unit },
  ],
};
const maybe: AlgebraicType = {
  kind: 'sum',
  variants: [
    { name: 'some', type: of('u8') },
    { name: 'none', type: unit },
  ],
};
const team = product({ id: of('u32'), title: of('string') });

describe('SATS-JSON', () => {
  test('round-trips every value of every type', () => {
    fc.assert(
      fc.property(typed, ({ type, values }) => {
        for (const value of values) expect(fromJson(type, [], toJson(type, [], value))).toEqual(value);
      }),
    );
  });

  // Recorded from a real SpacetimeDB for these columns.
  test.each<[AlgebraicType, SatsValue, string]>([
    [of('i64'), -(2n ** 63n), '-9223372036854775808'],
    [of('u64'), 2n ** 64n - 1n, '18446744073709551615'],
    [of('i256'), -(2n ** 255n), `"-0x8${'0'.repeat(63)}"`],
    [of('u256'), 0n, '"0x0"'],
    [of('f32'), 1.5, '1.5'],
    [of('f32'), Math.fround(0.1), '0.1'],
    [of('f32'), NaN, 'null'],
    [of('f64'), Infinity, 'null'],
    [of('string'), 'zoë "quoted"', '"zoë \\"quoted\\""'],
    [{ kind: 'array', element: of('u8') }, Uint8Array.of(0, 1, 0x7f), '"00017f"'],
    [{ kind: 'array', element: of('i16') }, [-1, 0, 1], '[-1,0,1]'],
    [maybe, { tag: 1, value: [] }, '[1,[]]'],
    [maybe, { tag: 0, value: 5 }, '[0,5]'],
    [product({ x: of('i32'), y: of('i32') }), [-1, 2], '[-1,2]'],
    [product({ __identity__: of('u256') }), [0xc2n], '["0xc2"]'],
    [product({ __timestamp_micros_since_unix_epoch__: of('i64') }), [1_500_000_000_123_456n], '[1500000000123456]'],
  ])('writes %o %o as %s', (type, value, text) => {
    expect(toJson(type, [], value)).toBe(text);
  });

  test.each([
    [0, '0.0', '0.0'],
    [-0, '-0.0', '-0.0'],
    [3, '3.0', '3.0'],
    [1e15, '1000000000000000.0', '1e15'],
    [1e16, '1e16', '1e16'],
    [1.25e20, '1.25e20', '1.25e20'],
    [0.00001, '0.00001', '0.00001'],
    [0.000001, '1e-6', '0.000001'],
    [1e-7, '1e-7', '1e-7'],
  ])('writes the float %d with the shortest digits', (value, f64, f32) => {
    expect(toJson(of('f64'), [], value)).toBe(f64);
    expect(toJson(of('f32'), [], Math.fround(value))).toBe(f32);
  });

  test.each<[AlgebraicType, string, SatsValue]>([
    [team, '{"title":"x","id":5}', [5, 'x']],
    [team, ' [ 5 , "x" ] ', [5, 'x']],
    [shape, '{"circle":1}', { tag: 0, value: 1 }],
    [shape, '{"1":[]}', { tag: 1, value: [] }],
    [shape, '["nothing",{}]', { tag: 1, value: [] }],
    [shape, '[0,2.5]', { tag: 0, value: 2.5 }],
    [maybe, 'null', { tag: 1, value: [] }],
    [maybe, '{"some":5}', { tag: 0, value: 5 }],
    [{ kind: 'array', element: of('u8') }, '[1,2]', Uint8Array.of(1, 2)],
    [of('u128'), '340282366920938463463374607431768211455', 2n ** 128n - 1n],
    [of('string'), '"\\u00e9\\n\\ud83d\\ude00"', 'é\n😀'],
  ])('reads %o from %s', (type, text, value) => {
    expect(fromJson(type, [], text)).toEqual(value);
  });

  test.each<[AlgebraicType, string, string]>([
    [team, '[5]', 'invalid length 1, expected a product of 2 fields'],
    [team, '[5,"x",6]', 'invalid length 3, expected a product of 2 fields'],
    [team, '["bad","2"]', '[0]: invalid type: string "bad", expected u32'],
    [team, '[-1,"x"]', '[0]: invalid value: integer `-1`, expected u32'],
    [team, '[4294967296,"x"]', '[0]: invalid value: integer `4294967296`, expected u32'],
    [team, '[1.5,"x"]', '[0]: invalid type: floating point `1.5`, expected u32'],
    [team, '{"id":5}', 'missing field `title`'],
    [team, '{"id":5,"title":"x","more":1}', 'unknown field `more`'],
    [team, '{"id":5,"id":6,"title":"x"}', 'duplicate field `id` at line 1 column 13'],
    [product({ at: team }), '{"at":{"id":null,"title":""}}', '.at.id: invalid type: null, expected u32'],
    [of('u256'), '5', 'invalid type: integer `5`, expected u256 as a string 0x…'],
    [maybe, '5', 'invalid type: integer `5`, expected a sum as {variant: value} or [tag, value]'],
    [shape, '{"square":1}', 'unknown variant `square`, expected one of `circle`, `nothing`'],
    [shape, '{"circle":1,"nothing":[]}', 'a sum has exactly one key, found 2'],
    [shape, 'null', 'invalid type: null, expected a sum as {variant: value} or [tag, value]'],
    [{ kind: 'array', element: of('u8') }, '"abc"', 'invalid hex string "abc"'],
    [{ kind: 'array', element: of('u8') }, '[256]', '[0]: invalid value: integer `256`, expected u8'],
    [of('f32'), '1e99', 'number out of range: 1e99'],
    [of('bool'), '1', 'invalid type: integer `1`, expected a boolean'],
  ])('refuses for %o the text %s', (type, text, message) => {
    expect(() => fromJson(type, [], text)).toThrow(new JsonError(message));
  });
});

describe('JSON text', () => {
  test('accepts the texts that JSON.parse accepts', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(() => parseJson(JSON.stringify(value, null, 1))).not.toThrow();
        expect(writeJson(JSON.parse(JSON.stringify(value)) as string)).toBe(JSON.stringify(value));
      }),
    );
  });

  test('refuses the texts that JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:-0123.eE \\ntrue') }), text => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(() => parseJson(text)).toThrow(JsonError);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['{"id":5,', 'key must be a string at line 1 column 9'],
    ['', 'EOF while parsing a value at line 1 column 1'],
    ['[1] 2', 'trailing characters at line 1 column 5'],
    ['[1\n,]', 'expected value at line 2 column 2'],
    ['['.repeat(200), 'recursion limit exceeded at line 1 column 130'],
  ])('names the position of the fault in %j', (text, message) => {
    expect(() => parseJson(text)).toThrow(new JsonError(message));
  });

  test('reads strings of megabytes, and names the position of one that does not end', () => {
    expect(parseJson(`["${'x\\"'.repeat(1_000_000)}"]`)).toEqual(['x"'.repeat(1_000_000)]);
    expect(() => parseJson('["abc')).toThrow('EOF while parsing a string at line 1 column 2');
    expect(() => parseJson('"a\\q"')).toThrow('invalid escape or control character in a string at line 1 column 1');
  });

  test('writes integers of any size as plain digits', () => {
    expect(writeJson({ big: 2n ** 64n, list: [1, null, 'x', { y: true }] })).toBe(
      '{"big":18446744073709551616,"list":[1,null,"x",{"y":true}]}',
    );
  });
});

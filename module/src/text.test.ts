import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteLength, isDeeperThan, isLongerThan, isObject, parseInput, parseJson, uuidTimeMs } from './text.ts';

describe('text from outside', () => {
  test('is measured in bytes of UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, limit) => {
        expect(isLongerThan(text, limit)).toBe(byteLength(text) > limit);
      }),
    );
  });

  test('is parsed as JSON, and objects are recognised', () => {
    expect(parseJson('{"a":1}')).toEqual({ value: { a: 1 } });
    expect(parseJson('null')).toEqual({ value: null });
    expect(parseJson('{a:1}')).toBeUndefined();
    expect([{}, [], null, 'x', 1].map(isObject)).toEqual([true, false, false, false, false]);
  });

  test('is refused above 256 levels, and brackets in strings are no levels', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseInput(nested(256))).toBeDefined();
    expect(parseInput(nested(257))).toBeUndefined();
    expect(parseInput(nested(1_000_000))).toBeUndefined();
    expect(parseInput(JSON.stringify({ text: '[{'.repeat(500), quote: '\\"[' }))).toBeDefined();
    expect(parseInput(`[${Array(500).fill('{"a":[]}').join(',')}]`)).toBeDefined();
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: false }), value => {
        const text = JSON.stringify(value);
        for (let limit = 0; limit < 8; limit++) expect(isDeeperThan(text, limit)).toBe(depthOf(value) > limit);
      }),
    );
  });

  test('contains the time of a UUIDv7', () => {
    expect(uuidTimeMs('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(Date.UTC(2022, 1, 22, 19, 22, 22));
    expect(uuidTimeMs('017f22e2-79b0-4cc3-98c4-dc0c0c07398f')).toBeUndefined();
    expect(uuidTimeMs('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBeUndefined();
  });
});

/** The depth of a JSON value, by recursion. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteLength, isLongerThan, isObject, parseJson, uuidTimeMs } from './text.ts';

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

  test('contains the time of a UUIDv7', () => {
    expect(uuidTimeMs('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(Date.UTC(2022, 1, 22, 19, 22, 22));
    expect(uuidTimeMs('017f22e2-79b0-4cc3-98c4-dc0c0c07398f')).toBeUndefined();
    expect(uuidTimeMs('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBeUndefined();
  });
});

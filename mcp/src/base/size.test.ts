import { expect, test } from 'vitest';
import { clip, fitting, jsonBytes, windowOf } from './size.ts';

test('windows of a text fit into the budget and make up the whole text', () => {
  const text = `${'"quoted"\n'.repeat(400)}${'😀ß'.repeat(900)}${'\u0000'.repeat(300)}${'plain '.repeat(500)}`;
  let offset: number | undefined = 0;
  let whole = '';
  while (offset !== undefined) {
    const part = windowOf(text, offset, 500);
    expect(jsonBytes(part.text)).toBeLessThanOrEqual(500);
    expect(part.text.isWellFormed()).toBe(true);
    expect(part.text.length).toBeGreaterThan(0);
    whole += part.text;
    offset = part.nextOffset;
  }
  expect(whole).toBe(text);
});

test('a list is cut at the budget of bytes', () => {
  const items = Array.from({ length: 100 }, (_, n) => ({ n, text: 'ä'.repeat(n) }));
  const fit = fitting(items, 1_000);
  expect(fit).toEqual(items.slice(0, fit.length));
  expect(jsonBytes(fit)).toBeLessThanOrEqual(1_000);
  expect(jsonBytes(items.slice(0, fit.length + 1))).toBeGreaterThan(1_000);
});

test('a clipped text ends with a whole character', () => {
  expect(clip('short')).toBe('short');
  expect(clip('a😀b', 2).isWellFormed()).toBe(true);
});

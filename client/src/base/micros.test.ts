import { expect, test } from 'vitest';
import { dateOf, dateOrNone, microsOf } from './micros.ts';

test('times of the hub become dates of whole milliseconds, and dates times', () => {
  const micros = 1_790_000_000_123_456n;
  expect(dateOf(micros).getTime()).toBe(1_790_000_000_123);
  expect(dateOf(Number(micros))).toEqual(dateOf(micros));
  expect(microsOf(dateOf(micros))).toBe(1_790_000_000_123_000n);
});

test('0 is no time', () => {
  expect([dateOrNone(0n), dateOrNone(0)]).toEqual([undefined, undefined]);
  expect(dateOrNone(1_000n)).toEqual(new Date(1));
});

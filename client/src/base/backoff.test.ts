import { expect, test } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';

test('each pause is twice as long as the one before, at most five seconds, with 50 % jitter', () => {
  const longest = (attempt: number) => backoffMs(attempt, DEFAULT_BACKOFF, () => 1);
  expect([0, 1, 2, 3].map(longest)).toEqual([100, 200, 400, 800]);
  expect(backoffMs(0, DEFAULT_BACKOFF, () => 0)).toBe(50);
  expect(longest(1_000)).toBe(5_000);
});

test('pauses stay within the given bounds', () => {
  const pauses = [0, 1, 2, 3].map(attempt => backoffMs(attempt, { firstMs: 5, maxMs: 20 }, () => 1));
  expect(pauses).toEqual([5, 10, 20, 20]);
});

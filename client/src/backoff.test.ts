import { expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

it('waits longer each time, never more than ten seconds, half of it by chance', () => {
  expect([0, 1, 2, 3].map(attempt => backoffMs(attempt, () => 1))).toEqual([100, 200, 400, 800]);
  expect(backoffMs(0, () => 0)).toBe(50);
  expect(backoffMs(1_000, () => 1)).toBe(10_000);
});

import { expect, it } from 'vitest';
import { backoffMs, USUAL_BACKOFF } from './backoff.ts';

it('waits longer each time, never more than ten seconds, half of it by chance', () => {
  const most = (attempt: number) => backoffMs(attempt, USUAL_BACKOFF, () => 1);
  expect([0, 1, 2, 3].map(most)).toEqual([100, 200, 400, 800]);
  expect(backoffMs(0, USUAL_BACKOFF, () => 0)).toBe(50);
  expect(most(1_000)).toBe(10_000);
});

it('waits between what it is told', () => {
  const pauses = [0, 1, 2, 3].map(attempt => backoffMs(attempt, { firstMs: 5, mostMs: 20 }, () => 1));
  expect(pauses).toEqual([5, 10, 20, 20]);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchLoop } from './loop-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a long pause of the event loop is reported once, a short one is not', () => {
  let at = 0;
  const pauses: number[] = [];
  const stop = watchLoop(
    ms => pauses.push(ms),
    () => at,
  );
  const look = (after: number) => {
    at += after;
    vi.advanceTimersToNextTimer();
  };
  for (const after of [1_000, 1_000, 6_000, 13_000, 1_000]) look(after);
  expect(pauses).toEqual([12_000]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

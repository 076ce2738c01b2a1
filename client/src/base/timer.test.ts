import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { settleWithin } from './waiting.ts';
import { startTimer } from './timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DAY_MS = 24 * 3_600_000;

test('a timer of 30 days fires after 30 days', () => {
  const fired = vi.fn();
  startTimer(30 * DAY_MS, fired);
  vi.advanceTimersByTime(30 * DAY_MS - 1);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fired).toHaveBeenCalledTimes(1);
});

test('an endless timer never fires, and a stopped one does not', () => {
  const fired = vi.fn();
  startTimer(Infinity, fired);
  startTimer(30 * DAY_MS, fired)();
  vi.advanceTimersByTime(100 * DAY_MS);
  expect(fired).not.toHaveBeenCalled();
});

test('a wait without a limit ends with its promise', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ended = vi.fn();
  void settleWithin(Infinity, promise).then(ended);
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(ended).not.toHaveBeenCalled();
  resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(ended).toHaveBeenCalled();
});

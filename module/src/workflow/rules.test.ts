import { describe, expect, test } from 'vitest';
import { toMicros } from '../micros.ts';
import { holds, retryMicros } from './rules.ts';

describe('a condition', () => {
  const output = { score: 7, tags: ['a', { b: null }], 'a.b': 1 };

  test.each([
    [{}, true],
    [{ status: 'succeeded' }, true],
    [{ status: 'failed' }, false],
    [{ output: { path: 'score', greater_than: 6 } }, true],
    [{ output: { path: 'score', greater_than: 7 } }, false],
    [{ output: { path: 'score', less_than: 8, not_equals: 6 } }, true],
    [{ output: { path: 'tags.1', equals: { b: null } } }, true],
    [{ output: { path: 'tags.0', equals: 'b' } }, false],
    [{ output: { path: 'tags.2', exists: false } }, true],
    [{ output: { path: 'constructor', exists: true } }, false],
    [{ output: { path: '', exists: true } }, true],
  ] as const)('%j holds: %s', (when, isTrue) => {
    const { output: comparison, ...rest } = { output: undefined, ...when };
    const full = comparison && { ...{ path: '' }, ...comparison };
    expect(holds({ position: 0, ...rest, output: full }, 'succeeded', () => output)).toBe(isTrue);
  });
});

describe('the backoff of a step', () => {
  test('doubles up to its limit, and adds at most the jitter', () => {
    const retries = { attempts: 9, backoff_ms: 100, max_backoff_ms: 500, jitter: 0.5 };
    expect([1, 2, 3, 4, 9].map(n => retryMicros(retries, n, 0))).toEqual(
      [100n, 200n, 400n, 500n, 500n].map(ms => toMicros(ms)),
    );
    expect(retryMicros(retries, 1, 1)).toBe(150_000n);
  });

  test('is at most a minute, or the first backoff if that is longer', () => {
    const slow = { attempts: 9, backoff_ms: 40_000, jitter: 0 };
    expect([1, 2, 3].map(n => retryMicros(slow, n, 0))).toEqual([40_000_000n, 60_000_000n, 60_000_000n]);
    expect(retryMicros({ ...slow, backoff_ms: 90_000 }, 2, 0)).toBe(90_000_000n);
  });
});

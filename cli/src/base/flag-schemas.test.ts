import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { duration, json, oneOf, usageError, wholeNumber } from './flag-schemas.ts';

describe('values of flags', () => {
  test.each([
    ['500ms', 500],
    ['1.5s', 1_500],
    ['30', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0', 0],
  ])('%s is a duration', (text, ms) => {
    expect(duration.parse(text)).toBe(ms);
  });

  test.each(['', 'soon', '5 m', '-1s', '1w', '1.s'])('"%s" is not a duration', text => {
    expect(duration.safeParse(text).success).toBe(false);
  });

  test('invalid values are refused in one sentence that names each flag', () => {
    const input = z.object({ maxTime: duration, count: wholeNumber(1, 3), payload: json, kind: oneOf(['a', 'b']) });
    const { error } = input.safeParse({ maxTime: 'x', count: '4', payload: '{', kind: 'c' });
    expect(error && usageError(error, ['kind'])).toMatchObject({
      code: 'cli/usage',
      exit: 2,
      message:
        '--max-time: a time such as 500ms, 30s, 5m, 2h or 1d; --count: a whole number from 1 to 3; --payload: is not JSON: {; <kind>: a, b.',
    });
  });
});

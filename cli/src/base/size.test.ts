import { expect, test } from 'vitest';
import { formatBytes, formatDuration, size } from './size.ts';

test.each([
  ['1000', 1000],
  ['512MiB', 512 * 2 ** 20],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['4g', 4 * 2 ** 30],
])('%s are %d bytes', (text, count) => expect(size.parse(text)).toBe(count));

test.each(['', 'lots', '5 apples', '-1'])('"%s" is not a size', text =>
  expect(size.safeParse(text).success).toBe(false),
);

test('sizes and durations are shown with the largest unit that fits', () => {
  expect([0, 1023, 1024, 5 * 2 ** 30].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '5.0 GiB']);
  expect([90_000, 3_600_000, 7 * 86_400_000, 1].map(formatDuration)).toEqual(['90s', '1h', '7d', '1ms']);
});

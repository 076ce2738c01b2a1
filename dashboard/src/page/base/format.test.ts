import { expect, test } from 'vitest';
import { bytes, duration, oneLine, visible } from './format.ts';

test('characters that are not seen, or turn the text around, are written as numbers', () => {
  expect(visible('a\u202Eb\u200Bc\u0000d\u2066')).toBe('a⟨202E⟩b⟨200B⟩c⟨0000⟩d⟨2066⟩');
  expect(visible('Zoë 🦊\n\tok')).toBe('Zoë 🦊\n\tok');
});

test('values are short', () => {
  expect([0, 999, 1_500, 61_000, 3_600_000, 90_000_000].map(duration)).toEqual([
    '0 ms',
    '999 ms',
    '1.5 s',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
  ]);
  expect([0, 1_023, 1_536, 5 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
  expect(oneLine({ text: 'x'.repeat(300) }, 20)).toHaveLength(21);
});

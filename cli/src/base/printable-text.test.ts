import { expect, test } from 'vitest';
import { manyLines, oneLine } from './printable-text.ts';

test('one line: control characters and line breaks become spaces', () => {
  expect(oneLine('red \u001b[31m\nalert\u0007')).toBe('red  [31m alert');
});

test('many lines: line breaks and tabs are kept, other control characters are removed', () => {
  expect(manyLines('one\n\ttwo \u001b[2J\u0007\r\u009b1A\u202ethree')).toBe('one\n\ttwo [2J1Athree');
});

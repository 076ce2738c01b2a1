import { expect, it } from 'vitest';
import { manyLines, oneLine } from './printable-text.ts';

it('keeps what agents say from drawing on the screen', () => {
  expect(oneLine('red \u001b[31m\nalert\u0007')).toBe('red  [31m alert');
});

it('keeps the lines of a text, and nothing that draws elsewhere', () => {
  expect(manyLines('one\n\ttwo \u001b[2J\u0007\r\u009b1A\u202ethree')).toBe('one\n\ttwo [2J1Athree');
});

import { expect, it } from 'vitest';
import { oneLine } from './one-line.ts';

it('keeps what agents say from drawing on the screen', () => {
  expect(oneLine('red \u001b[31m\nalert\u0007')).toBe('red  [31m alert');
});

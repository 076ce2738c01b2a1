// A short attack on a hub; `pnpm soak attack` runs a longer one. A machine that is busy with other tests delays the honest
// client too, so an attempt that fails is repeated.

import { expect, test } from 'vitest';
import { runAttack } from './attack.ts';

test('a hub under attack serves an honest client, in bounded memory', { timeout: 120_000, retry: 2 }, async () => {
  const { sent, faults } = await runAttack({ seconds: 8, agents: 150, note: () => undefined });
  expect(faults).toEqual([]);
  expect(sent).toBeGreaterThan(300);
});

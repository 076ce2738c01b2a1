import { expect, test } from 'vitest';
import { fightForFile } from './fight.ts';

test('two processes that fight for a file, one killed at random, lose no write, and their numbers grow', async () => {
  const { writes, kills, faults } = await fightForFile({ writes: 60, seed: 4, note: () => undefined });
  expect(faults).toEqual([]);
  expect(writes).toBeGreaterThanOrEqual(60);
  expect(kills).toBeGreaterThan(0);
}, 120_000);

// The durable host under load, killed 200 times: everything that was confirmed is there, nothing is half, no number comes twice.

import { expect, it } from 'vitest';
import { runKills } from './kills.ts';

const KILLS = 200;

it(`loses nothing in ${KILLS} kills`, { timeout: 900_000 }, async () => {
  const seed = Number(process.env['AGORA_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`AGORA_TEST_SEED=${seed} repeats this`);
  const { kills, calls, faults } = await runKills({ times: KILLS, seed, note: () => undefined });
  expect(faults).toEqual([]);
  expect(kills).toBe(KILLS);
  // The kills must meet a host that works: far more calls than kills.
  expect(calls).toBeGreaterThan(5 * KILLS);
});

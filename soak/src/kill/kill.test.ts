// The durable host under load, killed 200 times: no confirmed commit is lost, none is incomplete, no number repeats.

import { expect, test } from 'vitest';
import { runKills } from './kills.ts';

const KILLS = 200;

test(`loses nothing in ${KILLS} kills`, { timeout: 900_000 }, async () => {
  const seed = Number(process.env['AGORA_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`AGORA_TEST_SEED=${seed} repeats this`);
  const { kills, calls, faults } = await runKills({ times: KILLS, seed, note: () => undefined });
  expect(faults).toEqual([]);
  expect(kills).toBe(KILLS);
  // The kills must hit a host under load: far more calls than kills.
  expect(calls).toBeGreaterThan(5 * KILLS);
});

// A million inputs, by the same code as `pnpm soak fuzz`. The printed seed reproduces a failure.

import { expect, test } from 'vitest';
import { runFuzz } from './run.ts';

const INPUTS = 1_000_000;
const TIMEOUT_MS = 10 * 60_000;

test('a million random and broken inputs are answered or refused', { timeout: TIMEOUT_MS }, async () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const notes: string[] = [`seed ${seed}`];
  console.info(notes[0]);
  const { inputs, answered, refused, faults } = await runFuzz({ inputs: INPUTS, seed, note: line => notes.push(line) });
  expect(faults, `seed ${seed}`).toEqual([]);
  expect(inputs).toBeGreaterThanOrEqual(INPUTS);
  // If all input were refused at its first byte, the test would show nothing.
  expect(answered).toBeGreaterThan(inputs / 10);
  expect(refused).toBeGreaterThan(inputs / 10);
});

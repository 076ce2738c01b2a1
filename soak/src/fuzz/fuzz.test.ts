// A million inputs, the same code as `pnpm soak fuzz`. What fails here is seen again with the seed that is printed.

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
  // Mutations that nobody understands would try nothing but the first byte.
  expect(answered).toBeGreaterThan(inputs / 10);
  expect(refused).toBeGreaterThan(inputs / 10);
});

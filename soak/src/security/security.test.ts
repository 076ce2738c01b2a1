// The short form of `pnpm soak security`. A failure prints its seed: `SECURITY_SEED=N` repeats it.

import { expect, test } from 'vitest';
import { runSecurity } from './rounds.ts';

test('12,000 combinations of replaced built-ins and hostile arguments neither leave the realm nor stop the host', async () => {
  const seed = Number(process.env['SECURITY_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const report = await runSecurity({ combinations: 12_000, loops: 10, seed, note: () => undefined });
  expect(report).toMatchObject({ escapes: 0, hangs: 0, crashes: 0, faults: [] });
  expect(report.combinations).toBeGreaterThanOrEqual(12_000);
}, 300_000);

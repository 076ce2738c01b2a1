// The commands that every coordinator answers: run workflows one at a time, or many in parallel, to their ends.

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import type { Commands } from '../part.ts';
import { outputOf, type STEPS } from './chain.ts';

/** Runs workflow `n` and returns the outputs of the steps that the coordinator receives. */
export type RunWorkflow = (n: number) => Promise<Readonly<Record<string, unknown>>>;

/** The times of a workflow's start and of its result at the coordinator, by `nowMs`. */
export const Span = z.object({ startedAt: z.number(), endedAt: z.number() });

/** Commands for a way to run workflows; the coordinator receives the outputs of the `reported` steps. */
export function coordinatorCommands(run: RunWorkflow, reported: readonly (typeof STEPS)[number][]): Commands {
  const faults: string[] = [];

  const runOne = async (n: number): Promise<z.infer<typeof Span>> => {
    const startedAt = nowMs();
    const outputs = await run(n);
    const endedAt = nowMs();
    const should = Object.fromEntries(reported.map(({ action }) => [action, outputOf(n, action)]));
    if (!isDeepStrictEqual(outputs, should)) {
      faults.push(`workflow ${n} ended with ${JSON.stringify(outputs).slice(0, 300)}`);
    }
    return { startedAt, endedAt };
  };

  return {
    runOne: n => runOne(z.number().parse(n)),
    async runMany(argument) {
      const { from, count, atOnce } = z
        .object({ from: z.number(), count: z.number(), atOnce: z.number() })
        .parse(argument);
      const startedAt = nowMs();
      let next = from;
      const loop = async () => {
        while (next < from + count) await runOne(next++);
      };
      await Promise.all(Array.from({ length: atOnce }, loop));
      return { startedAt, endedAt: nowMs() };
    },
    coordinatorFaults: () => faults.slice(0, 10),
  };
}

// Journal of an agent: the times when each step was assigned and answered, and faults.

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import type { Commands } from '../part.ts';
import { inputsOf, outputOf, type Output, type StepName } from './chain.ts';

/** The times of assignment and answer of a step, by `nowMs`. */
export const Done = z.object({ n: z.number(), assignedAt: z.number(), answeredAt: z.number() });

/** The records of one step of many workflows. */
export class Journal {
  readonly #step: StepName;
  readonly #done = new Map<number, z.infer<typeof Done>>();
  readonly #faults: string[] = [];

  constructor(step: StepName) {
    this.#step = step;
  }

  /** Records an assignment; returns the output of the step, which the caller sends immediately. */
  work(n: number, inputs: unknown): Output {
    const assignedAt = nowMs();
    if (this.#done.has(n)) this.#faults.push(`${this.#step} of workflow ${n} was assigned twice`);
    if (!isDeepStrictEqual(inputs, inputsOf(n, this.#step))) {
      this.#faults.push(`${this.#step} of workflow ${n} was given ${JSON.stringify(inputs).slice(0, 300)}`);
    }
    const output = outputOf(n, this.#step);
    this.#done.set(n, { n, assignedAt, answeredAt: nowMs() });
    return output;
  }

  /** Steps of workflows from `from` on, in assignment order. */
  done(from: number): z.infer<typeof Done>[] {
    return [...this.#done.values()].filter(({ n }) => n >= from);
  }

  /** Returns the faults after workflows 0 to `started` - 1 have ended, each step of which must have been done exactly once. */
  faults(started: number): string[] {
    const missing = Array.from({ length: started }, (_, n) => n).filter(n => !this.#done.has(n)).length;
    const unknown = [...this.#done.keys()].filter(n => n >= started).length;
    return [
      ...this.#faults.slice(0, 10),
      ...(missing > 0 ? [`${this.#step} was never done in ${missing} of ${started} workflows`] : []),
      ...(unknown > 0 ? [`${this.#step} was done in ${unknown} workflows that were never started`] : []),
    ];
  }
}

/** The commands that every worker answers. */
export function journalCommands(journal: Journal): Commands {
  return {
    done: from => journal.done(z.number().parse(from)),
    faults: started => journal.faults(z.number().parse(started)),
  };
}

// What an agent notes of the steps it does: when each was assigned and answered, and what was wrong with it.

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import type { Commands } from '../part.ts';
import { inputsOf, outputOf, type Output, type StepName } from './chain.ts';

/** When a step was assigned and answered, by `nowMs`. */
export const Done = z.object({ n: z.number(), assignedAt: z.number(), answeredAt: z.number() });

/** One step of many workflows, as its agent sees it. */
export class Journal {
  readonly #step: StepName;
  readonly #done = new Map<number, z.infer<typeof Done>>();
  readonly #faults: string[] = [];

  constructor(step: StepName) {
    this.#step = step;
  }

  /** The agent has its assignment; returns what the step returns, which is issued at once. */
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

  /** Steps from workflow `from` on, in the order of their assignment. */
  done(from: number): z.infer<typeof Done>[] {
    return [...this.#done.values()].filter(({ n }) => n >= from);
  }

  /** What is wrong when workflows 0 to `started` - 1 have ended, each step of which was done exactly once. */
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

/** The commands that every worker answers, whatever way its assignments come. */
export function journalCommands(journal: Journal): Commands {
  return {
    done: from => journal.done(z.number().parse(from)),
    faults: started => journal.faults(z.number().parse(started)),
  };
}

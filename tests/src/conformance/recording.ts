// Recordings of a real SpacetimeDB, and their comparison with a transcript.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../conformance/recordings/', import.meta.url));

/** Lines before the first case. */
export const BEFORE_THE_FIRST = '(start)';

/** The lines of each case, by its title. */
export type Cases = ReadonlyMap<string, readonly string[]>;

export function readRecording(scenario: string): Cases {
  return splitIntoCases(readFileSync(`${FOLDER}${scenario}.jsonl`, 'utf8').trimEnd().split('\n'));
}

export function splitIntoCases(lines: readonly string[]): Cases {
  const cases = new Map<string, string[]>();
  let title = BEFORE_THE_FIRST;
  for (const line of lines) {
    const step = line.startsWith('{"step"') ? (JSON.parse(line) as { step: string }).step : undefined;
    if (step !== undefined) title = step;
    const known = cases.get(title);
    if (known === undefined) cases.set(title, step === undefined ? [line] : []);
    else if (step === undefined) known.push(line);
  }
  return cases;
}

/**
 * Renames the numbered placeholders of transcripts to those of recordings. Numbers may differ, but consistently
 * throughout a scenario, so its cases must be given in order.
 */
export class Renaming {
  readonly #there = new Map<string, string>();
  readonly #back = new Map<string, string>();

  /** Returns the line with the placeholders of the recording, if a consistent renaming exists. */
  rename(recorded: string | undefined, got: string): string {
    const numbered = /<(identity|connection|token) \d+>/g;
    if (recorded === undefined || recorded.replace(numbered, '<$1>') !== got.replace(numbered, '<$1>')) return got;
    const names = recorded.match(numbered) ?? [];
    let at = 0;
    return got.replace(numbered, mine => {
      const theirs = names[at++] ?? mine;
      if (!this.#there.has(theirs) && !this.#back.has(mine)) {
        this.#there.set(theirs, mine);
        this.#back.set(mine, theirs);
      }
      return this.#there.get(theirs) === mine ? theirs : `${mine} (another one)`;
    });
  }
}

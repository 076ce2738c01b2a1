// Audit of the hub's tables after all workflows have ended.
//
// A1  Every workflow ended and succeeded.
// A2  Every step was assigned once, done at the first attempt, and not before its dependency had ended.
// A3  The output of a step reached exactly its dependent step.

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { chain, inputsOf, numberOfStep, outputOf, STEPS } from './chain.ts';

/** The read columns of `workflow_state`. */
export const STATE_COLUMNS = ['id', 'status', 'total', 'ended'] as const;
/** A row: id, status, steps in all, ended steps. */
export const StateRow = z.tuple([z.string(), z.string(), z.number(), z.number()]);

/** The read columns of `step`. */
export const STEP_COLUMNS = [
  'id',
  'workflow',
  'position',
  'name',
  'requirements',
  'state',
  'output',
  'tries',
  'attempt',
  'started_at',
  'ended_at',
] as const;
/** A row; the times are µs since 1970. */
export const StepRow = z.tuple([
  z.number(),
  z.string(),
  z.number(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
]);

/** A row of `message` that assigns a step: the step's id and the payload. */
export const AssignmentRow = z.tuple([z.number(), z.string()]);

const Payload = z.object({ task: z.object({ workflow_id: z.string(), step: z.string(), inputs: z.unknown() }) });

/** The rows of a hub. */
export interface Rows {
  readonly states: readonly z.infer<typeof StateRow>[];
  readonly steps: readonly z.infer<typeof StepRow>[];
  readonly assignments: readonly z.infer<typeof AssignmentRow>[];
}

/** Returns the faults in the tables after `started` workflows have ended; at most twenty. */
export function auditRows(started: number, { states, steps, assignments }: Rows): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: () => string) => {
    if (!holds && faults.length < 20) faults.push(fault());
  };
  expect(states.length === started, () => `the hub holds ${states.length} workflows, not ${started}`);
  const payloads = Map.groupBy(assignments, ([step]) => step);
  const byWorkflow = Map.groupBy(steps, ([, workflow]) => workflow);
  expect(assignments.length === steps.length, () => `${steps.length} steps had ${assignments.length} assignments`);
  const numbers = new Set<number>();

  for (const [id, status, total, ended] of states) {
    expect(status === 'succeeded', () => `workflow ${id} is ${status}`);
    const own = (byWorkflow.get(id) ?? []).sort((a, b) => a[2] - b[2]);
    const isWhole = total === STEPS.length && ended === total && own.length === total;
    expect(isWhole, () => `workflow ${id} has ${own.length} steps; it says ${ended} of ${total} have ended`);
    const n = numberOfStep(JSON.parse(own[0]?.[4] ?? '{}'));
    numbers.add(n);

    let lastEnd = 0;
    for (const [at, [step, , , name, , state, output, tries, attempt, startedAt, endedAt]] of own.entries()) {
      const asked = chain(n).steps[at];
      const where = `${name} of workflow ${n}`;
      expect(name === asked?.action, () => `step ${at + 1} of workflow ${n} is ${name}`);
      expect(state === 'succeeded', () => `${where} is ${state}`);
      expect(
        tries === 1 && attempt === 1,
        () => `${where} was assigned ${tries} times, and done at attempt ${attempt}`,
      );
      expect(startedAt >= lastEnd && endedAt >= startedAt, () => `${where} began before the step before it had ended`);
      lastEnd = endedAt;
      if (!asked) continue;
      expect(isDeepStrictEqual(parse(output), outputOf(n, asked.action)), () => `${where} has the output ${output}`);
      const given = payloads.get(step) ?? [];
      expect(given.length === 1, () => `${where} has ${given.length} assignments`);
      for (const [, payload] of given) {
        const { task } = Payload.parse(JSON.parse(payload));
        const isRight = task.workflow_id === id && task.step === name;
        expect(
          isRight && isDeepStrictEqual(task.inputs, inputsOf(n, asked.action)),
          () => `${where} was given ${payload}`,
        );
      }
    }
  }
  expect(numbers.size === started, () => `${numbers.size} different workflows were run, not ${started}`);
  return faults;
}

function parse(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}

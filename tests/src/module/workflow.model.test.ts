// Random workflows under random commands, compared with a naive model after each command.
//
// Order of reading: `workflow-model/commands.ts` (what may happen), `model-workflow.ts` (the rules), `workflow-scene.ts`
// (performs a command on the module and on the model), `invariants.ts` (compares them).
//
// I1  After every command every step and every workflow has the state of the model.
// I2  No step is assigned before its join is satisfied.
// I3  A running step has exactly one delivery, offered or waiting.
// I4  A step is given the outputs of the steps it depends on, and of no others.
// I5  What has ended stays as it ended, unless it is retried.
// I6  `ended` is the number of steps that have ended.
// I7  Each offer and each question belongs to a step that waits for it; a workflow that has ended has none.
// I8  `version` rises with every change.
// I9  Every workflow ends once all tasks are answered and time passes.
// I10 A step with an approval is assigned only after it was approved.
// I11 A step for each element runs at most `concurrency` elements in parallel, and collects their outputs in order.
// I12 A step is compensated at most once.
// I13 Steps are compensated in reverse order of their ends.
// I14 An agent that takes the name of an unregistered one gets no task and no question.

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { Team } from '../support/team.ts';
import { commands, endsOneStep } from './workflow-model/commands.ts';
import { NAMES, timeless, WORKERS, workflows } from './workflow-model/random-workflows.ts';
import { WorkflowScene } from './workflow-model/workflow-scene.ts';

/** Few by default, for speed; more runs search longer. */
const RUNS = Number(process.env['AGORA_MODEL_RUNS'] ?? 100);

describe('workflows under random commands', () => {
  test('agree with the model and end', { timeout: 60_000 + RUNS * 1_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        workflows,
        commands,
        fc.constantFrom(undefined, undefined, 200_100),
        async (specs, list, deadlineMs) => {
          await using team = await Team.of(...WORKERS);
          const scene = new WorkflowScene(team, NAMES, specs, deadlineMs);
          for (const command of list) scene.perform(command);
          scene.drive();
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test(
    'agree with the model when each call does a small part of the work',
    { timeout: 60_000 + RUNS * 1_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(workflows, commands, fc.constantFrom(1, 4, 40), async (specs, list, rows) => {
          await using team = await Team.with([['rowsPerCall: 8e3', `rowsPerCall: ${rows}`]], ...WORKERS);
          const scene = new WorkflowScene(team, NAMES, specs.map(timeless), undefined);
          for (const command of list.filter(endsOneStep)) scene.perform(command);
          scene.drive();
        }),
        { numRuns: Math.ceil(RUNS / 4), endOnFailure: true },
      );
    },
  );
});

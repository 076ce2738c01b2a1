// Random workflows under random happenings against a naive model of the rules.
//
// I1  After every happening every step, and every workflow, stands where the model says.
// I2  No step is assigned before its join is satisfied.
// I3  A running step has one delivery that is offered or waits: never two holders, and never none.
// I4  A step is given the outputs of the steps it depends on, and of no others.
// I5  What has ended stays as it ended, unless it is retried.
// I6  `ended` is the number of steps that have ended.
// I7  Nothing is offered, or asked, of a step that does not wait for it, and so nothing of a workflow that has ended.
// I8  `version` rises with every change.
// I9  Every workflow ends once all is answered and time passes.
// I10 A step that somebody has to agree to is assigned only after that.
// I11 Of a step for each element as many are under way at once as was said, and results come together in order.
// I12 What undoes a step is done once at most.
// I13 What ended later is undone earlier.

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { Crew } from '../support/crew.ts';
import { graphs, happenings, NAMES, WORKERS } from '../support/workflow-graphs.ts';
import { WorkflowScene } from '../support/workflow-scene.ts';

/** As many as are quick; more look longer. */
const RUNS = Number(process.env['AGORA_MODEL_RUNS'] ?? 100);

describe('workflows under random happenings', () => {
  test('go as the rules say, and end', { timeout: 60_000 + RUNS * 1_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        graphs,
        happenings,
        fc.constantFrom(undefined, undefined, 200_100),
        async (specs, list, deadlineMs) => {
          await using crew = await Crew.of(...WORKERS);
          const scene = new WorkflowScene(crew, NAMES, specs, deadlineMs);
          for (const happening of list) scene.perform(happening);
          scene.drive();
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

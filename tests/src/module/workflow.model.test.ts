// Random graphs under random happenings against a naive model of the rules.
//
// I1  After every happening every step, and the workflow, stand where the model says.
// I2  No step is assigned before its join is satisfied.
// I3  A running step has one delivery that is offered or waits: never two holders, and never none.
// I4  A step is given the outputs of the steps it depends on, and of no others.
// I5  What has ended stays as it ended, unless it is retried.
// I6  `ended` is the number of steps that have ended.
// I7  Nothing is offered of a step that does not run, and so nothing of a workflow that has ended.
// I8  `version` rises with every change.
// I9  Every workflow ends once all is answered and time passes.

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Crew } from '../support/crew.ts';
import type { ModelSpec } from '../support/workflow-model.ts';
import { WorkflowScene, type Happening } from '../support/workflow-scene.ts';

const WORKERS = ['A:x', 'B:x', 'C', 'D:y'];
const NAMES = WORKERS.map(worker => worker.slice(0, 1));

const takers = fc.constantFrom<Pick<ModelSpec, 'agent' | 'capability'>>(
  ...NAMES.map(agent => ({ agent })),
  { capability: 'x' },
  { capability: 'y' },
);

// No time is a multiple of a slot: a host’s timer may be off by a part of a millisecond.
const drawn = fc.record({
  taker: takers,
  waitsFor: fc.array(fc.nat(1_000), { maxLength: 4 }),
  join: fc.constantFrom('all', 'all', 'any', 'most'),
  onFailure: fc.constantFrom<ModelSpec['onFailure']>('fail', 'skip', 'skip', 'continue', 'continue'),
  attempts: fc.constantFrom(0, 0, 1, 2),
  backoffMs: fc.constantFrom(300, 1_100, 40_100),
  timeoutMs: fc.constantFrom(undefined, undefined, 5_100, 100_100),
  when: fc.constantFrom(undefined, undefined, { status: 'succeeded' }, { status: 'failed' }, { equals: 1 }),
});

/** Each step waits for some of those before it; the other way around, the order of the steps says nothing. */
const graphs = fc
  .record({ steps: fc.array(drawn, { minLength: 1, maxLength: 40 }), isTurned: fc.boolean() })
  .map(({ steps, isTurned }): ModelSpec[] => {
    const place = (at: number) => (isTurned ? steps.length - 1 - at : at);
    const specs = steps.map(({ taker, join, waitsFor: picks, when, ...rest }, at): ModelSpec => {
      const waitsFor = at === 0 ? [] : [...new Set(picks.map(pick => place(pick % at)))];
      const need = join === 'all' ? waitsFor.length : Math.min(waitsFor.length, join === 'any' ? 1 : 2);
      const [first] = waitsFor;
      return {
        ...taker,
        ...rest,
        waitsFor,
        need,
        ...(when && first !== undefined && { when: { at: first, ...when } }),
      };
    });
    return isTurned ? specs.reverse() : specs;
  });

const pick = fc.nat(40);
const who = fc.constantFrom(...NAMES);
const happenings = fc.array(
  fc.oneof(
    {
      weight: 14,
      arbitrary: fc.record({ do: fc.constant('answer' as const), pick, output: fc.integer({ min: 0, max: 2 }) }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('fail' as const), pick, retry: fc.boolean() }) },
    {
      weight: 7,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(2, 1_500, 6_000, 70_000, 400_000) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('retry' as const), pick }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const), who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('unregister' as const), who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const) }) },
  ),
  { maxLength: 40 },
) satisfies fc.Arbitrary<Happening[]>;

describe('a workflow under random happenings', () => {
  it('goes as the rules say, and ends', async () => {
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
      { numRuns: 100, endOnFailure: true },
    );
  }, 60_000);
});

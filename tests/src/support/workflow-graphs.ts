// Random definitions of workflows, and random things that happen to them.

import fc from 'fast-check';
import type { ModelSpec } from './workflow-model.ts';
import type { Happening } from './workflow-scene.ts';

/** Who there is: after a colon, what one is able to do. */
export const WORKERS = ['A:x', 'B:x', 'C', 'D:y'];
/** The names of those. */
export const NAMES = WORKERS.map(worker => worker.slice(0, 1));

const who = fc.constantFrom(...NAMES);
/** One time in so many. */
const seldom = <T>(times: number, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

// No time is a multiple of a slot: a host's timer may be off by a part of a millisecond.
const times = fc.constantFrom(undefined, undefined, 5_100, 100_100);
const traits = {
  waitsFor: fc.array(fc.nat(1_000), { maxLength: 4 }),
  join: fc.constantFrom('all', 'all', 'any', 'most'),
  onFailure: fc.constantFrom<ModelSpec['onFailure']>('fail', 'skip', 'skip', 'continue', 'continue'),
  retries: seldom(2, fc.record({ attempts: fc.constantFrom(0, 1, 2), backoffMs: fc.constantFrom(300, 1_100, 40_100) })),
  timeoutMs: times,
  when: fc.constantFrom(undefined, undefined, undefined, { status: 'succeeded' }, { status: 'failed' }, { equals: 1 }),
  approval: seldom(8, fc.record({ by: who, timeoutMs: fc.constantFrom(undefined, 20_100), next: seldom(2, who) })),
  undo: seldom(2, fc.record({ agent: seldom(2, who), timeoutMs: times })),
  forEach: seldom(4, fc.record({ concurrency: fc.constantFrom(undefined, 1, 2) })),
};

type Doer = Pick<ModelSpec, 'agent' | 'capability' | 'nested'>;
const someone: fc.Arbitrary<Doer> = fc.oneof(
  { weight: 4, arbitrary: who.map(agent => ({ agent })) },
  { weight: 2, arbitrary: fc.constantFrom({ capability: 'x' }, { capability: 'y' }) },
);

/** The steps of a workflow: each waits for some of those before it; or, turned, of those behind it. */
function graphOf(doer: fc.Arbitrary<Doer>, maxLength: number): fc.Arbitrary<readonly ModelSpec[]> {
  const drawn = fc.record({ doer, ...traits });
  return fc
    .record({ steps: fc.array(drawn, { minLength: 1, maxLength }), isTurned: fc.boolean() })
    .map(({ steps, isTurned }) => {
      const place = (at: number) => (isTurned ? steps.length - 1 - at : at);
      const specs = steps.map(({ waitsFor: picks, ...step }, at) => {
        return specOf(step, at === 0 ? [] : [...new Set(picks.map(pick => place(pick % at)))]);
      });
      return isTurned ? specs.reverse() : specs;
    });
}

type Traits = {
  readonly [Name in keyof typeof traits]: (typeof traits)[Name] extends fc.Arbitrary<infer T> ? T : never;
};

function specOf(step: Omit<Traits, 'waitsFor'> & { readonly doer: Doer }, waitsFor: readonly number[]): ModelSpec {
  const { doer, join, when, forEach, undo, approval, ...rest } = step;
  const need = join === 'all' ? waitsFor.length : Math.min(waitsFor.length, join === 'any' ? 1 : 2);
  const [first] = waitsFor;
  const isDone = doer.agent !== undefined || doer.capability !== undefined;
  const isNobody = !isDone && !doer.nested;
  return {
    ...doer,
    ...rest,
    waitsFor,
    need,
    // A step that nobody does is one that somebody has to agree to.
    approval: approval ?? (isNobody ? { by: 'C' } : undefined),
    undo: undo && (isDone ? undo : { ...undo, agent: undo.agent ?? 'C' }),
    when: when && first !== undefined ? { at: first, ...when } : undefined,
    forEach: forEach && isDone && first !== undefined ? { at: first, ...forEach } : undefined,
  };
}

const inner = graphOf(someone, 3).map(nested => ({ nested }));
const middle = graphOf(fc.oneof({ weight: 5, arbitrary: someone }, { weight: 1, arbitrary: inner }), 4);

/** Workflows of up to 40 steps, some of which are workflows of their own. */
export const graphs = graphOf(
  fc.oneof(
    { weight: 12, arbitrary: someone },
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: middle.map(nested => ({ nested })) },
  ),
  40,
);

const pick = fc.nat(40);
const doing = <const T extends string>(...what: T[]) => fc.constantFrom(...what);

const anything: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 16,
      arbitrary: fc.record({ do: doing('answer'), pick, output: fc.integer({ min: 0, max: 3 }) }),
    },
    { weight: 6, arbitrary: fc.record({ do: doing('fail'), pick, retry: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: doing('approve', 'approve', 'reject'), pick, isOperator: fc.boolean() }) },
    {
      weight: 7,
      arbitrary: fc.record({ do: doing('wait'), ms: fc.constantFrom(2, 1_500, 6_000, 21_000, 70_000, 400_000) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: doing('pause', 'resume', 'resume'), pick: fc.oneof(pick, fc.constant(0)) }),
    },
    { weight: 3, arbitrary: fc.record({ do: doing('retry'), pick: fc.oneof(pick, fc.constant(0)), at: pick }) },
    { weight: 3, arbitrary: fc.record({ do: doing('leave', 'return'), who }) },
    { weight: 1, arbitrary: fc.record({ do: doing('unregister'), who }) },
    { weight: 1, arbitrary: fc.record({ do: doing('cancel'), pick: fc.oneof(pick, fc.constant(0)) }) },
  ),
  { maxLength: 40 },
);

/** What happens to them; now and then they are called off at last, so that much is to be undone. */
export const happenings: fc.Arbitrary<Happening[]> = fc
  .tuple(anything, seldom(3, fc.constant<Happening>({ do: 'cancel', pick: 0 })))
  .map(([list, last]) => (last ? [...list, last] : list));

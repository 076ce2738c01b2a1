// Random definitions of workflows: graphs of up to 40 steps with every option, nested up to three deep.

import fc from 'fast-check';
import type { ModelSpec } from './model-step.ts';

/** The workers of a test; after a colon, a capability. */
export const WORKERS = ['A:x', 'B:x', 'C', 'D:y'];
/** The names of `WORKERS`. */
export const NAMES = WORKERS.map(worker => worker.slice(0, 1));

export const workerName = fc.constantFrom(...NAMES);
/** A value of `arbitrary` once in `times`, otherwise undefined. */
export const seldom = <T>(times: number, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

// No time is a multiple of a slot, since a timer of the host may be a part of a millisecond late.
const times = fc.constantFrom(undefined, undefined, 5_100, 100_100);
const optionArbitraries = {
  waitsFor: fc.array(fc.nat(1_000), { maxLength: 4 }),
  join: fc.constantFrom('all', 'all', 'any', 'most'),
  onFailure: fc.constantFrom<ModelSpec['onFailure']>('fail', 'skip', 'skip', 'continue', 'continue'),
  retries: seldom(2, fc.record({ attempts: fc.constantFrom(0, 1, 2), backoffMs: fc.constantFrom(300, 1_100, 40_100) })),
  timeoutMs: times,
  when: fc.constantFrom(undefined, undefined, undefined, { status: 'succeeded' }, { status: 'failed' }, { equals: 1 }),
  approval: seldom(
    8,
    fc.record({ by: workerName, timeoutMs: fc.constantFrom(undefined, 20_100), next: seldom(2, workerName) }),
  ),
  undo: seldom(2, fc.record({ agent: seldom(2, workerName), timeoutMs: times })),
  forEach: seldom(4, fc.record({ concurrency: fc.constantFrom(undefined, 1, 2) })),
};

type Worker = Pick<ModelSpec, 'agent' | 'capability' | 'nested'>;
const workers: fc.Arbitrary<Worker> = fc.oneof(
  { weight: 4, arbitrary: workerName.map(agent => ({ agent })) },
  { weight: 2, arbitrary: fc.constantFrom({ capability: 'x' }, { capability: 'y' }) },
);

/** The same step without time limits, whose ends would come between the parts of a work. */
export function timeless({ retries: _, timeoutMs: _ms, approval, undo, nested, ...spec }: ModelSpec): ModelSpec {
  return {
    ...spec,
    approval: approval && { ...approval, timeoutMs: undefined },
    undo: undo && { ...undo, timeoutMs: undefined },
    ...(nested && { nested: nested.map(timeless) }),
  };
}

/** The steps of a workflow; each depends on some earlier ones or, reversed, on some later ones. */
function graphOf(worker: fc.Arbitrary<Worker>, maxLength: number): fc.Arbitrary<readonly ModelSpec[]> {
  const options = fc.record({ worker, ...optionArbitraries });
  return fc
    .record({ steps: fc.array(options, { minLength: 1, maxLength }), isReversed: fc.boolean() })
    .map(({ steps, isReversed }) => {
      const place = (at: number) => (isReversed ? steps.length - 1 - at : at);
      const specs = steps.map(({ waitsFor: picks, ...step }, at) => {
        return specOf(step, at === 0 ? [] : [...new Set(picks.map(pick => place(pick % at)))]);
      });
      return isReversed ? specs.reverse() : specs;
    });
}

type StepOptions = {
  readonly [Name in keyof typeof optionArbitraries]: (typeof optionArbitraries)[Name] extends fc.Arbitrary<infer T>
    ? T
    : never;
};

function specOf(
  step: Omit<StepOptions, 'waitsFor'> & { readonly worker: Worker },
  waitsFor: readonly number[],
): ModelSpec {
  const { worker, join, when, forEach, undo, approval, ...rest } = step;
  const need = join === 'all' ? waitsFor.length : Math.min(waitsFor.length, join === 'any' ? 1 : 2);
  const [first] = waitsFor;
  const hasWorker = worker.agent !== undefined || worker.capability !== undefined;
  const isWithoutWorker = !hasWorker && !worker.nested;
  return {
    ...worker,
    ...rest,
    waitsFor,
    need,
    // A step without a worker is an approval.
    approval: approval ?? (isWithoutWorker ? { by: 'C' } : undefined),
    undo: undo && (hasWorker ? undo : { ...undo, agent: undo.agent ?? 'C' }),
    when: when && first !== undefined ? { at: first, ...when } : undefined,
    forEach: forEach && hasWorker && first !== undefined ? { at: first, ...forEach } : undefined,
  };
}

const inner = graphOf(workers, 3).map(nested => ({ nested }));
const middle = graphOf(fc.oneof({ weight: 5, arbitrary: workers }, { weight: 1, arbitrary: inner }), 4);

/** Workflows of up to 40 steps, some of them nested workflows. */
export const workflows = graphOf(
  fc.oneof(
    { weight: 12, arbitrary: workers },
    { weight: 1, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: middle.map(nested => ({ nested })) },
  ),
  40,
);

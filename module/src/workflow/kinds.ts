// The kinds of steps. To add one, write its file in `kinds/` and name it here.

import type { StepSpec } from './check.ts';
import { approval } from './kinds/approval.ts';
import { forEach } from './kinds/for-each.ts';
import type { StepKind } from './kinds/kind.ts';
import { nested } from './kinds/nested.ts';
import { task } from './kinds/task.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

/** The kinds in the order in which they are tried: a step is approved before it begins as another kind. */
export const KINDS: readonly StepKind[] = [approval, forEach, nested, task];

/** The kind that a step begins as, or that it has while it waits; undefined for one that is approved and needs no more. */
export function kindOf(step: Step, spec: StepSpec): StepKind | undefined {
  return KINDS.find(kind => kind.appliesTo(step, spec));
}

/** The workflow that runs, or ran, as a step. */
export function innerOf(run: Run, step: Step): Run | undefined {
  for (const kind of KINDS) {
    const inner = kind.inner?.(run, step);
    if (inner) return inner;
  }
  return undefined;
}

// The row of a step, and facts that follow from it alone.

import type { StepState } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import type { Mailbox } from '../mailbox.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { StepSpec } from './check.ts';

/** The row of a step, or of an element of one. */
export type Step = NonNullable<ReturnType<Ctx['db']['step']['id']['find']>>;

const DEFAULT_SPEC: StepSpec = { onFailure: 'fail', need: 0 };

/** The step at a position; positions are dense and unique within a workflow, so this reads one row. */
export function stepAt(db: Pick<Ctx['db'], 'step'>, workflow: string, position: number): Step | undefined {
  for (const row of db.step.byPosition.filter([workflow, position])) return row;
  return undefined;
}

/** How a step is run. Rows from before the column `spec` have an empty one. */
export function specOf(step: Pick<Step, 'spec' | 'dependencies'>): StepSpec {
  // Written by `createWorkflow` and `addChildren` alone.
  return step.spec === '' ? { ...DEFAULT_SPEC, need: step.dependencies.length } : (JSON.parse(step.spec) as StepSpec);
}

/** The mailbox of an agent that the spec of a step names; undefined if that agent is unregistered, also if its name is taken again. */
export function namedIn(unit: UnitOfWork, { ids }: StepSpec, name: string | undefined): Mailbox | undefined {
  return name === undefined ? undefined : unit.box(BigInt(ids?.[name] ?? 0));
}

/** Returns true if a step counts as met for its dependents. */
export function isMet({ state }: Pick<Step, 'state'>, spec: StepSpec): boolean {
  return state === 'succeeded' || (isBad({ state }) && spec.onFailure === 'continue');
}

/** Returns true if a step was tried without success. */
export function isBad({ state }: Pick<Step, 'state'>): boolean {
  return state === 'failed' || state === 'timed_out';
}

/** Stored bytes that a step is charged for. */
export function bytesOfStep({ output, element }: Pick<Step, 'output' | 'element'>): number {
  return byteLength(output) + byteLength(element);
}

/** The state of a step. */
export function stateOf({ state }: Pick<Step, 'state'>): StepState {
  return state as StepState; // only `moveStep` sets it
}

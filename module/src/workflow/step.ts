// The row of a step, and what it says by itself.

import type { StepState } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import type { StepSpec } from './check.ts';

/** A step of a workflow and how far it is. */
export type Step = NonNullable<ReturnType<Ctx['db']['step']['id']['find']>>;

const FAIL_AT_ONCE: StepSpec = { onFailure: 'fail', need: 0 };

/** The step at a position; positions are dense and unique within a workflow, so this meets one row. */
export function stepAt(db: Pick<Ctx['db'], 'step'>, workflow: string, position: number): Step | undefined {
  for (const row of db.step.byPosition.filter([workflow, position])) return row;
  return undefined;
}

/** How a step is run. Steps from before there was a choice fail the workflow. */
export function specOf(step: Pick<Step, 'spec' | 'dependencies'>): StepSpec {
  // Written by `begin` alone.
  return step.spec === '' ? { ...FAIL_AT_ONCE, need: step.dependencies.length } : (JSON.parse(step.spec) as StepSpec);
}

/** Whether a step has ended in a way that lets those that depend on it go on. */
export function isMet({ state }: Pick<Step, 'state'>, spec: StepSpec): boolean {
  return state === 'succeeded' || (isBad({ state }) && spec.onFailure === 'continue');
}

/** Whether a step was tried and not done. */
export function isBad({ state }: Pick<Step, 'state'>): boolean {
  return state === 'failed' || state === 'timed_out';
}

/** What a step counts for in what the hub stores. */
export function bytesOfStep({ output, element }: Pick<Step, 'output' | 'element'>): number {
  return byteLength(output) + byteLength(element);
}

/** Where a step stands. */
export function stateOf({ state }: Pick<Step, 'state'>): StepState {
  return state as StepState; // only `moveStep` says where a step stands
}

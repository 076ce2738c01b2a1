// The row of a step, and facts that follow from it alone.

import { ROW_BYTES } from '../contract/limits.ts';
import type { StepState } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import type { Mailbox } from '../mailbox.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { StepSpec } from './check.ts';

/** The row of a step, or of an element of one. */
export type Step = NonNullable<ReturnType<Ctx['db']['step']['id']['find']>>;

/** The step at a position; positions are dense and unique within a workflow, so this reads one row. */
export function stepAt(db: Pick<Ctx['db'], 'step'>, workflow: string, position: number): Step | undefined {
  for (const row of db.step.byPosition.filter([workflow, position])) return row;
  return undefined;
}

/** How a step is run. An element is run as its parent is, without what concerns the whole list. */
export function specOf(db: Pick<Ctx['db'], 'step'>, step: Step): StepSpec {
  if (step.parent === 0) return JSON.parse(step.spec) as StepSpec; // `createWorkflow` writes it
  const parent = stepAt(db, step.workflow, step.parent - 1);
  if (!parent) throw new Error(`the element "${step.name}" has no parent`);
  return elementSpec(specOf(db, parent));
}

/** The spec of the elements of a step: without what concerns the whole list. */
export function elementSpec({ forEach: _, when: _when, approval: _approval, ...spec }: StepSpec): StepSpec {
  return { ...spec, need: 0 };
}

/** The requirements of a step as JSON; an element has those of its parent. */
export function requirementsOf(db: Pick<Ctx['db'], 'step'>, step: Step): string {
  if (step.parent === 0) return step.requirements;
  return stepAt(db, step.workflow, step.parent - 1)?.requirements ?? '{}';
}

/** The output of a step as JSON text, or empty. */
export function outputOf(db: Pick<Ctx['db'], 'stepOutput'>, step: Pick<Step, 'id' | 'output' | 'outputBytes'>): string {
  return step.outputBytes === 0 ? step.output : (db.stepOutput.step.find(step.id)?.output ?? '');
}

/** About the length of the output of a step, without reading a long one. */
export function outputLength({ output, outputBytes }: Pick<Step, 'output' | 'outputBytes'>): number {
  return outputBytes || output.length;
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

/** The bytes that a step counts. */
export function bytesOfStep(step: Step): number {
  const { action, requirements, spec, element, error } = step;
  const positions = 4 * (step.dependencies.length + step.dependents.length);
  const texts = [action, requirements, spec, element, error].reduce((sum, text) => sum + byteLength(text), 0);
  return ROW_BYTES.step + positions + texts + bytesOfOutput(step);
}

/** The bytes of the output of a step. */
export function bytesOfOutput({ output, outputBytes }: Pick<Step, 'output' | 'outputBytes'>): number {
  return byteLength(output) + outputBytes;
}

/** The state of a step. */
export function stateOf({ state }: Pick<Step, 'state'>): StepState {
  return state as StepState; // only `moveStep` sets it
}

// A step that is a workflow of its own: it ends as that one does, and its output is what the steps of that one have returned.

import { inputsOf } from '../assignment.ts';
import { begin } from '../begin.ts';
import { checkDefinition, sentenceOf } from '../check.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Answer } from '../../message/answer.ts';
import { Run } from '../run.ts';
import type { Step } from '../step.ts';

/** Starts the workflow that a step is. */
export function beginNested(run: Run, step: Step): void {
  const { unit } = run;
  const spec = run.specOf(step);
  const definition = JSON.stringify(spec.workflow);
  // It was checked with the workflow that it is in. Whoever has gone since fails the step that was theirs, and no more.
  const checked = checkDefinition(definition, { isAgent: () => true, isCapability: () => true });
  if (!checked.ok) throw new Error(`a nested workflow has faults: ${sentenceOf(checked.faults)}`);
  const id = unit.ctx.newUuidV7().toString();
  if (!run.begun(step, id)) return;
  const { initiator } = run.definition;
  const inputs = `{${inputsOf(run, step)}}`;
  begin(unit, { id, initiator, definition, plan: checked.plan, parentStep: step.id, inputs }).release();
}

/** A workflow has ended: so has the attempt at the step that it is; or, called off with it, it holds up undoing no more. */
export function endNested(nested: Run): void {
  const { unit } = nested;
  const row = unit.ctx.db.step.id.find(nested.definition.parentStep);
  const run = row && Run.find(unit, row.workflow);
  if (!run) return;
  const step = run.stepOf(row);
  if (step.message !== nested.state.id) return;
  if (step.state === 'running') run.attemptEnded(step, answerOf(nested));
  else if (run.status === 'compensating') run.undoOn();
}

/** Calls off the workflow that a step is. */
export function stopNested(run: Run, step: Pick<Step, 'message'>, reason: string): void {
  const nested = Run.find(run.unit, step.message);
  if (nested?.isLive) nested.stop('cancel', reason);
}

/** The workflows that steps of this one are, as far as they run. */
export function runningNested(run: Run): Run[] {
  return run.steps().flatMap(step => {
    const isNested = step.state === 'running' && run.specOf(step).workflow !== undefined;
    return (isNested && Run.find(run.unit, step.message)) || [];
  });
}

/** Whether a workflow that was called off with its step still undoes what it had done. */
export function isNestedUndone(run: Run): boolean {
  return run.steps().some(step => {
    const isNested = step.state === 'cancelled' && run.specOf(step).workflow !== undefined;
    return isNested && Run.find(run.unit, step.message)?.status === 'compensating';
  });
}

function answerOf(nested: Run): Answer {
  const { reason, id } = nested.state;
  const { status } = nested;
  if (status !== 'succeeded') {
    // Whoever called it off does not want it begun anew.
    return { status: 'error', error: reason || `workflow ${id} was ${status}`, isPermanent: status === 'cancelled' };
  }
  const members = nested
    .steps()
    .filter(step => step.state === 'succeeded' && step.parent === 0)
    .map(step => `${JSON.stringify(step.name)}:${step.output || 'null'}`);
  const data = `{${members.join(',')}}`;
  if (data.length <= LIMITS.inputsLength) return { status: 'success', data };
  const error = `its results are ${data.length} characters; ${LIMITS.inputsLength} are allowed`;
  return { status: 'error', error, isPermanent: true };
}

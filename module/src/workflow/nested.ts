// A step that is a workflow of its own: it ends as that one does, and its output is what the steps of that one have returned.

import { LIMITS } from '../contract.ts';
import type { Answer } from '../message/ask.ts';
import { remember } from '../time/due.ts';
import { inputsOf } from './assignment.ts';
import { begin, check } from './begin.ts';
import { Run, type Step } from './run.ts';

/** Starts the workflow that a step is. */
export function beginNested(run: Run, step: Step): void {
  const { desk } = run;
  const spec = run.specOf(step);
  const definition = JSON.stringify(spec.workflow);
  const checked = check(desk, definition);
  if (!checked.ok)
    return run.finish(step, 'failed', { error: checked.faults.join('; ').slice(0, LIMITS.reasonLength) });
  const id = desk.ctx.newUuidV7().toString();
  run.change(step, {
    state: 'running',
    message: id,
    tries: step.tries + 1,
    startedAt: step.startedAt || desk.now,
    dueAt: 0n,
  });
  if (spec.timeoutMs !== undefined) {
    remember(desk, desk.now + BigInt(spec.timeoutMs) * 1000n, 'step-timeout', step.id, id);
  }
  const { initiator } = run.definition;
  const inputs = `{${inputsOf(run, step)}}`;
  begin(desk, { id, initiator, definition, plan: checked.plan, parentStep: step.id, inputs }).release();
}

/** A workflow has ended: so has the attempt at the step that it is. */
export function endNested(nested: Run): void {
  const { desk } = nested;
  const row = desk.ctx.db.step.id.find(nested.definition.parentStep);
  const run = row && Run.find(desk, row.workflow);
  if (!run) return;
  const step = run.stepOf(row);
  if (step.state !== 'running' || step.message !== nested.state.id) return;
  run.attemptEnded(step, answerOf(nested));
}

/** Calls off the workflow that a step is. */
export function stopNested(run: Run, step: Step, reason: string): void {
  const nested = Run.find(run.desk, step.message);
  if (nested?.isLive) nested.stop('cancelled', reason);
}

function answerOf(nested: Run): Answer {
  const { status, reason, id } = nested.state;
  if (status !== 'succeeded') return { status: 'error', error: reason || `workflow ${id} was ${status}` };
  const members = nested
    .steps()
    .filter(step => step.state === 'succeeded' && step.parent === 0)
    .map(step => `${JSON.stringify(step.name)}:${step.output || 'null'}`);
  const data = `{${members.join(',')}}`;
  if (data.length <= LIMITS.inputsLength) return { status: 'success', data };
  return { status: 'error', error: `its results are ${data.length} characters; ${LIMITS.inputsLength} are allowed` };
}

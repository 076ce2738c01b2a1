// Progress of a workflow: which steps begin, and what their ends mean for the others, in the transaction of the trigger.
//
// I1  A step is first assigned in the transaction that ends the last of the dependencies it needs, and not before.
// I3  A workflow has ended when all its steps have; from then on it assigns none.
// I4  Dependents are updated one end at a time, in the order of the ends; those of one step in the order of the definition.

import type { WorkflowStatus } from '../contract/words.ts';
import type { Answer } from '../message/answer.ts';
import { schedule } from '../time/schedule.ts';
import type { StepSpec } from './check.ts';
import { undoNext } from './compensate.ts';
import { innerOf, KINDS, kindOf } from './kinds.ts';
import type { Progress } from './kinds/kind.ts';
import { answerOf } from './kinds/nested.ts';
import type { WorkflowTrigger } from './moves.ts';
import { keepEnded } from './retention.ts';
import { holds, retryMicros } from './rules.ts';
import { type AttemptEnd, type EndFields, Run } from './run.ts';
import { isBad, isMet, type Step } from './step.ts';

/** The functions that kinds of steps call. */
export const PROGRESS: Progress = { assign, cancelStep, finish, release };

/** Begins all steps that wait for no other step: of a workflow that starts, or continues after a retry. */
export function release(run: Run): void {
  propagate(run, () => {
    // Elements are assigned by the step that they belong to.
    for (const step of run.steps()) if (step.state === 'pending' && step.parent === 0) decide(run, step);
  });
}

/** Resumes a workflow: assigns steps that became ready during the pause, and resumes inner workflows that were paused with it. */
export function resume(run: Run): void {
  if (!run.moveWorkflow('resume', { pausedWith: false })) return;
  run.publish('workflow_resumed', {});
  propagate(run, () => {
    for (const step of run.steps()) {
      const isDue = step.state === 'ready' && step.dueAt <= run.unit.now && step.approval !== 'asked';
      if (isDue) assign(run, step);
    }
    for (const inner of runningInner(run)) {
      if (inner.status === 'paused' && inner.state.pausedWith) resume(inner);
    }
  });
}

/** Pauses a workflow and its inner workflows: no step is assigned until `resume`. */
export function pause(run: Run, isWithOuter = false): void {
  if (!run.moveWorkflow('pause', { pausedWith: isWithOuter })) return;
  run.publish('workflow_paused', {});
  for (const inner of runningInner(run)) if (inner.isRunning) pause(inner, true);
}

/** Begins a step, or holds it while the workflow is paused. */
export function assign(run: Run, step: Step): void {
  if (!run.isRunning) {
    run.moveStep(step, 'hold');
    return;
  }
  const kind = kindOf(step, run.specOf(step));
  if (!kind) throw new Error(`step "${step.name}" has no agent, capability or workflow`); // `check.ts` refuses it
  kind.begins(PROGRESS, run, step);
}

/** An attempt has ended. Ends the step, or retries it after a backoff. */
export function endAttempt(run: Run, step: Step, answer: Answer, failure: Exclude<AttemptEnd, 'succeed'> = 'fail') {
  if (answer.status !== 'error') return finish(run, step, 'succeed', { output: answer.data, error: '' });
  const { retries } = run.specOf(step);
  const isLast = !retries || answer.isPermanent === true || step.tries > retries.attempts;
  if (isLast) return finish(run, step, failure, { error: answer.error });
  const random = retries.jitter > 0 ? run.unit.ctx.random() : 0;
  const dueAt = run.unit.now + retryMicros(retries, step.tries, random);
  run.moveStep(step, 'retry', { error: answer.error, message: '', dueAt });
  schedule(run.unit, dueAt, 'step-retry', step.id);
}

/** Ends a step and updates its dependents. */
export function finish(run: Run, step: Step, trigger: AttemptEnd, fields: EndFields): void {
  propagate(run, () => run.endStep(step, trigger, fields));
}

/** Takes back the work for a step that is no longer needed, and ends the step. */
export function cancelStep(run: Run, step: Step, reason: string): void {
  const wasRunning = step.state === 'running';
  for (const kind of KINDS) kind.stops?.(PROGRESS, run, step, reason);
  run.endStep(step, 'cancel', { error: reason });
  // After the end of the step, so that the end of the inner workflow is not the end of an attempt.
  const inner = wasRunning ? innerOf(run, step) : undefined;
  if (inner?.isLive) stop(inner, 'cancel', reason);
}

/** Ends a workflow early: cancels unfinished steps and undoes finished ones. */
export function stop(run: Run, trigger: Extract<WorkflowTrigger, 'fail' | 'cancel'>, reason: string): void {
  const outcome: WorkflowStatus = trigger === 'fail' ? 'failed' : 'cancelled';
  for (const step of run.steps()) if (step.endedAt === 0n) cancelStep(run, step, reason);
  run.propagation.length = 0;
  run.moveWorkflow(trigger, { outcome, reason });
  continueUndo(run);
}

/** Undoes the next step, or ends the workflow if none is left to undo. */
export function continueUndo(run: Run): void {
  if (!undoNext(run)) end(run, run.state.outcome === 'cancelled' ? 'undone-cancelled' : 'undone-failed');
}

/** Runs `work`, then empties the propagation queue. Inside another `propagate` it only runs `work`: the outer one continues. */
function propagate(run: Run, work: () => void): void {
  if (run.isPropagating) return work();
  run.isPropagating = true;
  work();
  // Terminates, since each step ends once.
  for (let step = run.propagation.shift(); step; step = run.propagation.shift()) updateDependents(run, step);
  run.isPropagating = false;
  if (run.isLive && run.state.ended === run.state.total) end(run, 'finish');
}

/** Counts an ended step at its dependents, and begins or skips those that it decides. */
function updateDependents(run: Run, step: Step): void {
  if (step.parent > 0) return updateParent(run, step);
  const spec = run.specOf(step);
  if (isBad(step) && spec.onFailure === 'fail') {
    const how = step.state === 'failed' ? 'failed' : 'took too long';
    return stop(run, 'fail', `step "${step.name}" ${how}: ${step.error}`);
  }
  for (const position of step.dependents) {
    const dependent = run.step(position);
    if (dependent?.state !== 'pending') continue;
    run.change(dependent, { unmet: dependent.unmet - 1, met: dependent.met + (isMet(step, spec) ? 1 : 0) });
    decide(run, dependent);
  }
}

function updateParent(run: Run, child: Step): void {
  const parent = run.step(child.parent - 1);
  if (parent?.state !== 'running') return;
  for (const kind of KINDS) kind.childEnded?.(PROGRESS, run, parent, child);
}

/** Begins a step if enough of its dependencies ended well, or skips it if they no longer can. */
function decide(run: Run, step: Step): void {
  const spec = run.specOf(step);
  if (step.met >= spec.need) {
    if (step.unmet > 0) cancelLosers(run, step, step);
    if (isWanted(run, spec)) return assign(run, step);
    return run.endStep(step, 'skip', { error: 'its condition does not hold' });
  }
  if (step.met + step.unmet >= spec.need) return;
  run.endStep(step, 'skip', { error: 'too few of the steps it depends on ended well' });
}

function isWanted(run: Run, { when }: StepSpec): boolean {
  const dependency = when && run.step(when.position);
  return !when || (dependency !== undefined && holds(when, dependency.state, dependency.output));
}

/** Cancels the losers of a race: unfinished steps that no other pending step depends on, and the steps that only they need. */
function cancelLosers(run: Run, winner: Step, loser: Step): void {
  for (const position of loser.dependencies) {
    const step = run.step(position);
    if (!step || step.endedAt > 0n) continue;
    const isNeeded = step.dependents.some(each => {
      const dependent = run.step(each);
      return dependent !== winner && dependent?.state === 'pending';
    });
    if (isNeeded) continue;
    cancelStep(run, step, `step "${winner.name}" no longer needs it`);
    cancelLosers(run, winner, step);
  }
}

/** Ends the workflow, and the attempt at the step that it is. */
function end(run: Run, trigger: Extract<WorkflowTrigger, 'finish' | 'undone-failed' | 'undone-cancelled'>): void {
  if (!run.moveWorkflow(trigger, { endedAt: run.unit.now })) return;
  const { id, status } = run.state;
  keepEnded(run.unit, id);
  if (status === 'succeeded') run.publish('workflow_completion', {});
  else if (status === 'failed') run.publish('workflow_failed', {});
  else run.publish('workflow_cancelled', {});
  if (run.definition.parentStep > 0n) endInOuter(run);
}

/** An inner workflow has ended. Ends the attempt at its step; or continues undoing, if it was cancelled with its step. */
function endInOuter(inner: Run): void {
  const row = inner.unit.ctx.db.step.id.find(inner.definition.parentStep);
  const outer = row && Run.find(inner.unit, row.workflow);
  if (!outer) return;
  const step = outer.stepOf(row);
  if (step.message !== inner.state.id) return;
  if (step.state === 'running') endAttempt(outer, step, answerOf(inner));
  else if (outer.status === 'compensating') continueUndo(outer);
}

function runningInner(run: Run): Run[] {
  return run.steps().flatMap(step => (step.state === 'running' && innerOf(run, step)) || []);
}

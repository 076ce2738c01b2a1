// Progress of a workflow: which steps begin, and what their ends mean for the others.
//
// I1  A step is first assigned in the transaction that ends the last of the dependencies it needs, or in its recorded
//     continuation (`job.ts`), and not before.
// I3  A workflow has ended when all its steps have; from then on it assigns none.
// I4  Dependents are updated one end at a time, in the order of the ends; those of one step in the order of the definition.
//
// Bound of every trigger: `rowsPerCall`, and the rows of one part of a job: the 1,000 elements or nested steps that one step
// begins with are the largest.

import type { WorkflowStatus } from '../contract/words.ts';
import type { Answer } from '../message/answer.ts';
import type { StepSpec } from './check.ts';
import type { Job } from './job.ts';
import { performJob } from './jobs.ts';
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
  propagate(run, () => run.jobs.push({ do: 'release', at: 0 }));
}

/** Resumes a workflow: assigns steps that became ready during the pause, and resumes inner workflows that were paused with it. */
export function resume(run: Run): void {
  if (!run.moveWorkflow('resume', { pausedWith: false })) return;
  run.publish('workflow_resumed', {});
  propagate(run, () => {
    dropJobs(run, 'pause-nested');
    run.jobs.push({ do: 'resume', at: 0 });
    if (run.definition.hasNested) run.jobs.push({ do: 'resume-nested', at: 0 });
  });
}

/** Pauses a workflow and its inner workflows: no step is assigned until `resume`. */
export function pause(run: Run, isWithOuter = false): void {
  if (!run.moveWorkflow('pause', { pausedWith: isWithOuter })) return;
  run.publish('workflow_paused', {});
  propagate(run, () => {
    dropJobs(run, 'resume', 'resume-nested');
    if (run.definition.hasNested) run.jobs.unshift({ do: 'pause-nested', at: 0 });
  });
}

function dropJobs(run: Run, ...kinds: readonly Job['do'][]): void {
  const kept = run.jobs.filter(job => !kinds.includes(job.do));
  run.jobs.splice(0, run.jobs.length, ...kept);
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
  run.schedule(dueAt, 'step-retry', step.id);
}

/** Ends a step and updates its dependents. */
export function finish(run: Run, step: Step, trigger: AttemptEnd, fields: EndFields): void {
  propagate(run, () => run.endStep(step, trigger, fields));
}

/** Takes back the work for a step that is no longer needed, and ends the step; one with elements after these have ended. */
export function cancelStep(run: Run, step: Step, reason: string): void {
  if (step.state === 'running' && step.children > 0) {
    run.jobs.unshift({ do: 'end-elements', step: step.position, at: 0, reason, trigger: 'cancel', error: reason });
    return;
  }
  const wasRunning = step.state === 'running';
  for (const kind of KINDS) kind.stops?.(PROGRESS, run, step, reason);
  run.endStep(step, 'cancel', { error: reason });
  // After the end of the step, so that the end of the inner workflow is not the end of an attempt.
  const inner = wasRunning ? innerOf(run, step) : undefined;
  if (!inner || inner.hasEnded) return;
  run.state.cancelledNested++;
  if (inner.isLive) stop(inner, 'cancel', reason);
}

/** Ends a workflow early: cancels unfinished steps and undoes finished ones. */
export function stop(run: Run, trigger: Extract<WorkflowTrigger, 'fail' | 'cancel'>, reason: string): void {
  const outcome: WorkflowStatus = trigger === 'fail' ? 'failed' : 'cancelled';
  // From here on no step is assigned, also if the jobs continue in another call.
  if (!run.moveWorkflow(trigger, { outcome, reason })) return;
  propagate(run, () => {
    run.held.length = 0;
    run.jobs.splice(0, run.jobs.length, { do: 'cancel', at: 0, reason });
  });
}

/** Undoes a nested workflow that had succeeded, with the step that it is. */
export function undoNested(run: Run, reason: string): void {
  if (!run.moveWorkflow('undo', { outcome: 'cancelled', reason, endedAt: 0n, undoAt: run.state.ends })) return;
  continueUndo(run);
}

/** Undoes the next step, or ends the workflow if none is left to undo. */
export function continueUndo(run: Run): void {
  // Jobs of a workflow that ends early end with this one.
  if (run.status !== 'compensating' || run.jobs.length > 0) return;
  propagate(run, () => run.jobs.push({ do: 'undo' }));
}

/** Continues the jobs of a workflow in another call. */
export function continueJobs(run: Run): void {
  run.state.continueAt = 0n;
  run.touch();
  propagate(run, () => undefined);
}

/** Runs `work`, then performs the jobs. Inside another `propagate` it only runs `work`: the outer one continues. */
export function propagate(run: Run, work: () => void): void {
  if (run.isPropagating) return work();
  run.isPropagating = true;
  work();
  // Terminates, since each step ends once, and each job moves its cursor.
  while (!run.unit.isSpent) {
    const job = run.jobs.shift();
    if (!job) break;
    run.touch();
    performJob(run, job);
  }
  run.isPropagating = false;
  if (run.jobs.length > 0) run.continueLater();
  else if (run.isLive && run.state.ended === run.state.total) end(run, 'finish');
}

/** Counts an ended step at one of its dependents, and begins or skips that if this decides it. */
export function updateDependents(run: Run, position: number, at: number): void {
  const step = run.step(position);
  if (!step) return;
  if (step.parent > 0) return updateParent(run, step);
  const spec = run.specOf(step);
  if (isBad(step) && spec.onFailure === 'fail') {
    const how = step.state === 'failed' ? 'failed' : 'took too long';
    return stop(run, 'fail', `step "${step.name}" ${how}: ${step.error}`);
  }
  const next = step.dependents[at];
  if (next === undefined) return;
  if (at + 1 < step.dependents.length) run.jobs.unshift({ do: 'update', step: position, at: at + 1 });
  const dependent = run.step(next);
  if (dependent?.state !== 'pending') return;
  run.change(dependent, { unmet: dependent.unmet - 1, met: dependent.met + (isMet(step, spec) ? 1 : 0) });
  decide(run, dependent);
}

function updateParent(run: Run, child: Step): void {
  const parent = run.step(child.parent - 1);
  if (parent?.state !== 'running') return;
  for (const kind of KINDS) kind.childEnded?.(PROGRESS, run, parent, child);
}

/** Begins a step if enough of its dependencies ended well, or skips it if they no longer can. */
export function decide(run: Run, step: Step): void {
  const spec = run.specOf(step);
  const { position } = step;
  if (step.met >= spec.need) {
    if (step.unmet === 0) return beginDecided(run, step);
    // The losers are cancelled first.
    run.jobs.unshift({ do: 'losers', winner: position, open: step.dependencies }, { do: 'begin', step: position });
    return;
  }
  if (step.met + step.unmet >= spec.need) return;
  run.endStep(step, 'skip', { error: 'too few of the steps it depends on ended well' });
}

/** Begins or skips a step whose join is decided. */
export function beginDecided(run: Run, step: Step): void {
  if (isWanted(run, run.specOf(step))) return assign(run, step);
  run.endStep(step, 'skip', { error: 'its condition does not hold' });
}

function isWanted(run: Run, { when }: StepSpec): boolean {
  const dependency = when && run.step(when.position);
  return !when || (dependency !== undefined && holds(when, dependency.state, () => run.valueOf(dependency)));
}

/** Ends the workflow, and the attempt at the step that it is. */
export function end(
  run: Run,
  trigger: Extract<WorkflowTrigger, 'finish' | 'undone-failed' | 'undone-cancelled'>,
): void {
  if (!run.moveWorkflow(trigger, { endedAt: run.unit.now })) return;
  const { status } = run.state;
  keepEnded(run.unit, run.definition);
  if (status === 'succeeded') run.publish('workflow_completion', {});
  else if (status === 'failed') run.publish('workflow_failed', {});
  else run.publish('workflow_cancelled', {});
  if (run.definition.parentStep > 0n) endInOuter(run);
}

/** An inner workflow has ended. Ends the attempt at its step; or continues undoing, if it was cancelled or undone with its step. */
function endInOuter(inner: Run): void {
  const row = inner.unit.ctx.db.step.id.find(inner.definition.parentStep);
  const outer = row && Run.find(inner.unit, row.workflow);
  if (!outer) return;
  const step = outer.stepOf(row);
  const { id } = inner.state;
  if (step.undo === 'running' && step.undoMessage === id) {
    outer.change(step, { undo: 'done' });
    outer.state.undoing = 0;
    return continueUndo(outer);
  }
  if (step.message !== id) return;
  if (step.state === 'running') return endAttempt(outer, step, answerOf(inner));
  if (step.state !== 'cancelled') return;
  outer.state.cancelledNested--;
  outer.touch();
  continueUndo(outer);
}

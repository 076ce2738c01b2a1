// What comes to a workflow from outside its own rows: the end of a delivery, a moment.

import type { Answer } from '../message/answer.ts';
import { cancelMessage } from '../message/cancel.ts';
import type { Message } from '../message/envelope.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { undone } from './compensate.ts';
import { stopNested } from './kinds/nested.ts';
import { Run } from './run.ts';
import { specOf, type Step } from './step.ts';

/** The delivery of a step has ended, well or not: so has the attempt. */
export function endStep(
  unit: UnitOfWork,
  message: Message,
  delivery: { readonly attempt: number } | undefined,
  answer: Answer,
): void {
  withStep(unit, message.step, (run, step) => {
    if (isUndoneBy(step, message.id)) return undone(run, step, answer);
    if (!isDoneBy(step, message.id)) return;
    if (delivery) run.change(step, { attempt: delivery.attempt });
    run.attemptEnded(step, answer);
  });
}

/** Whether a failure that may be tried again ends this attempt at a step: where the step says itself how often it is. */
export function isTriedByStep(unit: UnitOfWork, id: string): boolean {
  const { db } = unit.ctx;
  const step = db.step.id.find(db.message.id.find(id)?.step ?? 0n);
  return step !== null && isDoneBy(step, id) && specOf(step).retries !== undefined;
}

/** The time of an assignment is over: it is taken back, and the step is tried again or ends. */
export function timeOutStep(unit: UnitOfWork, id: bigint, message: string): void {
  withStep(unit, id, (run, step) => {
    const isUndone = isUndoneBy(step, message);
    if (!isUndone && !isDoneBy(step, message)) return;
    const { timeoutMs, workflow, compensate } = run.specOf(step);
    const error = `it was not done within ${isUndone ? compensate?.timeout_ms : timeoutMs} ms`;
    const assigned = unit.ctx.db.message.id.find(message);
    if (assigned) cancelMessage(unit, assigned, error);
    if (isUndone) return undone(run, step, { status: 'error', error });
    if (workflow) {
      // From here on what the nested one ends with says nothing about this step.
      run.change(step, { message: '' });
      stopNested(run, { message }, error);
    }
    run.attemptEnded(step, { status: 'error', error }, 'time-out');
  });
}

/** The backoff of a step is over. */
export function retryStep(unit: UnitOfWork, id: bigint): void {
  withStep(unit, id, (run, step) => {
    const isDue = step.state === 'ready' && step.dueAt > 0n && step.dueAt <= unit.now && step.approval !== 'asked';
    if (isDue && run.isRunning) run.assign(step);
  });
}

/** The time of a whole workflow is over. */
export function endOverdue(unit: UnitOfWork, id: string): void {
  const run = Run.find(unit, id);
  if (!run?.isLive) return;
  run.stop('fail', 'its time was over');
  Run.saveAll(unit);
}

/** Does something to a step of a workflow that has not ended, and writes what that changed. */
export function withStep(unit: UnitOfWork, id: bigint, work: (run: Run, step: Step) => void): void {
  const row = unit.ctx.db.step.id.find(id);
  const run = row && Run.find(unit, row.workflow);
  if (!run || run.hasEnded) return;
  work(run, run.stepOf(row));
  Run.saveAll(unit);
}

/** Whether a message, or a nested workflow, is the attempt at a step that is under way. */
function isDoneBy(step: Step, message: string): boolean {
  return step.state === 'running' && step.message === message;
}

function isUndoneBy(step: Step, message: string): boolean {
  return step.undo === 'running' && step.undoMessage === message;
}

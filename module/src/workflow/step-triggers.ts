// Triggers from outside the rows of a workflow: ends of deliveries, and timers.

import type { Answer } from '../message/answer.ts';
import { cancelMessage } from '../message/cancel.ts';
import type { Message } from '../message/envelope.ts';
import { toMicros } from '../micros.ts';
import { movedDeadline } from '../time/absence.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { innerOf } from './kinds.ts';
import { assign, continueJobs, continueUndo, endAttempt, propagate, stop } from './progress.ts';
import { Run } from './run.ts';
import { specOf, type Step } from './step.ts';

/** The delivery of a task has ended, and with it the attempt at its step, or the compensation. */
export function endStep(
  unit: UnitOfWork,
  message: Message,
  delivery: { readonly attempt: number } | undefined,
  answer: Answer,
): void {
  withStep(unit, message.step, (run, step) => {
    if (isUndoneBy(step, message.id)) return endUndo(run, step, answer);
    if (!isDoneBy(step, message.id)) return;
    if (delivery) run.change(step, { attempt: delivery.attempt });
    endAttempt(run, step, answer);
  });
}

/** Returns true if the step of a task has its own `retries`: a retryable failure then ends the delivery. */
export function isTriedByStep(unit: UnitOfWork, id: string): boolean {
  const { db } = unit.ctx;
  const step = db.step.id.find(db.message.id.find(id)?.step ?? 0n);
  return step !== null && isDoneBy(step, id) && specOf(db, step).retries !== undefined;
}

/** Timer: an attempt or a compensation took too long. Cancels its message; retries or ends the step. */
export function timeOutStep(unit: UnitOfWork, id: bigint, message: string): void {
  withStep(unit, id, (run, step) => {
    const isUndo = isUndoneBy(step, message);
    if (!isUndo && !isDoneBy(step, message)) return;
    const { timeoutMs, compensate } = run.specOf(step);
    const task = unit.ctx.db.message.id.find(message);
    const limitMs = isUndo ? (compensate?.timeout_ms ?? 0) : (timeoutMs ?? 0);
    const until = movedDeadline(unit, (task?.acceptedAt ?? step.startedAt) + toMicros(limitMs));
    if (until > unit.now) return run.schedule(until, 'step-timeout', id, message);
    const error = `it was not done within ${isUndo ? compensate?.timeout_ms : timeoutMs} ms`;
    if (task) cancelMessage(unit, task, error);
    if (isUndo) return endUndo(run, step, { status: 'error', error });
    const inner = innerOf(run, step);
    if (inner) {
      // The end of the inner workflow no longer ends this step (I2).
      run.change(step, { message: '' });
      if (inner.isLive) stop(inner, 'cancel', error);
    }
    endAttempt(run, step, { status: 'error', error }, 'time-out');
  });
}

/** Timer: the backoff of a step is over. */
export function retryStep(unit: UnitOfWork, id: bigint): void {
  withStep(unit, id, (run, step) => {
    const isDue = step.state === 'ready' && step.dueAt > 0n && step.dueAt <= unit.now && step.approval !== 'asked';
    if (isDue && run.isRunning) propagate(run, () => assign(run, step));
  });
}

/** Timer: the jobs of a workflow did not fit into the last call. */
export function continueWorkflow(unit: UnitOfWork, id: string): void {
  const run = Run.find(unit, id);
  if (!run) return;
  continueJobs(run);
  Run.saveAll(unit);
}

/** Timer: tries the steps again that limits hold. */
export function retryHeld(unit: UnitOfWork, id: string): void {
  const run = Run.find(unit, id);
  if (!run) return;
  run.state.heldUntil = 0n;
  run.state.heldTries = Math.min(run.state.heldTries + 1, MAX_HELD_TRIES);
  run.touch();
  propagate(run, () => {
    if (run.held.length > 0) run.tryHeld();
  });
  Run.saveAll(unit);
}

/** From here on the time between tries is the longest. */
const MAX_HELD_TRIES = 6;

/** Timer: the deadline of a workflow has passed. */
export function endOverdue(unit: UnitOfWork, id: string): void {
  const run = Run.find(unit, id);
  if (!run?.isLive) return;
  stop(run, 'fail', 'its deadline has passed');
  Run.saveAll(unit);
}

/** Runs `work` on a step unless its workflow has ended, and writes the changes. */
export function withStep(unit: UnitOfWork, id: bigint, work: (run: Run, step: Step) => void): void {
  const row = unit.ctx.db.step.id.find(id);
  const run = row && Run.find(unit, row.workflow);
  if (!run || run.hasEnded) return;
  work(run, run.stepOf(row));
  Run.saveAll(unit);
}

/** A compensation has ended. */
function endUndo(run: Run, step: Step, answer: Answer): void {
  if (answer.status === 'error') run.change(step, { undo: 'failed', error: answer.error });
  else run.change(step, { undo: 'done' });
  run.state.undoing = 0;
  continueUndo(run);
}

/** Returns true if a message, or a nested workflow, is the current attempt at a step (I2). */
function isDoneBy(step: Step, message: string): boolean {
  return step.state === 'running' && step.message === message;
}

/** Returns true if a message is the current attempt at a step, or at undoing it. */
export function isUnderWay(step: Step | null, message: string): boolean {
  return step !== null && (isDoneBy(step, message) || isUndoneBy(step, message));
}

function isUndoneBy(step: Step, message: string): boolean {
  return step.undo === 'running' && step.undoMessage === message;
}

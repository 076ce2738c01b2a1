// Compensation when a workflow ends badly: undoes each succeeded step that has a `compensate`, once, in reverse order of completion.

import { queueOf } from '../message/queue.ts';
import { post } from '../message/store.ts';
import { toMicros } from '../micros.ts';
import { schedule } from '../time/schedule.ts';
import { innerOf } from './kinds.ts';
import type { Run } from './run.ts';
import { namedIn, type Step } from './step.ts';
import { taskMessage } from './task-message.ts';

/** Undoes the latest step that is not undone yet. Returns false if nothing is being undone any more. */
export function undoNext(run: Run): boolean {
  // Inner workflows that were cancelled undo their steps first, which are later than those that had ended.
  if (isInnerUndoing(run)) return true;
  const done = run.steps().filter(step => step.state === 'succeeded' && run.specOf(step).compensate);
  if (done.some(step => step.undo === 'running')) return true;
  for (const step of done.sort((a, b) => b.order - a.order)) {
    if (step.undo !== '') continue;
    if (undo(run, step)) return true;
    run.change(step, { undo: 'failed', error: 'the agent that undoes it is unregistered' });
  }
  return false;
}

/** Returns true if a workflow that was cancelled with its step still undoes its own steps. */
function isInnerUndoing(run: Run): boolean {
  return run.steps().some(step => step.state === 'cancelled' && innerOf(run, step)?.status === 'compensating');
}

/** Assigns the compensation of a step. Returns false if its agent or capability does not exist. */
function undo(run: Run, step: Step): boolean {
  const { unit } = run;
  const spec = run.specOf(step);
  const { compensate, capability } = spec;
  if (!compensate) return false;
  const queue = compensate.capability ?? (compensate.agent === undefined ? capability : undefined);
  const agent = compensate.agent === undefined ? unit.box(step.agent) : namedIn(unit, spec, compensate.agent);
  const assignee = queue === undefined ? agent : queueOf(unit, queue);
  if (!assignee) return false;
  const message = taskMessage(run, step, {
    target: assignee.name,
    action: compensate.action,
    requirements: JSON.stringify(compensate.requirements ?? {}),
    inputs: { inputs: `{${JSON.stringify(step.name)}:${step.output || 'null'}}` },
    rest: { compensates: 'true' },
  });
  run.change(step, { undo: 'running', undoMessage: message.id });
  const timeoutMs = compensate.timeout_ms;
  if (timeoutMs !== undefined) schedule(unit, unit.now + toMicros(timeoutMs), 'step-timeout', step.id, message.id);
  post(unit, message, [assignee]);
  return true;
}

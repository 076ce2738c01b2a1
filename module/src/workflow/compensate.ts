// Undoes what was done when a workflow ends badly: what has a compensation, once each, in reverse order of completion.

import type { Answer } from '../message/answer.ts';
import { queueOf } from '../message/queue.ts';
import { post } from '../message/store.ts';
import { schedule } from '../time/schedule.ts';
import { taskMessage } from './assignment.ts';
import { isNestedUndone } from './kinds/nested.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

/** Undoes the last step that was done and is not undone yet. Returns false when there is nothing (more) to wait for. */
export function undoNext(run: Run): boolean {
  // What was called off while it ran undoes its own steps first: they are younger than those that had ended.
  if (isNestedUndone(run)) return true;
  const done = run.steps().filter(step => step.state === 'succeeded' && run.specOf(step).compensate);
  if (done.some(step => step.undo === 'running')) return true;
  for (const step of done.sort((a, b) => b.order - a.order)) {
    if (step.undo !== '') continue;
    if (undo(run, step)) return true;
    run.change(step, { undo: 'failed', error: 'whoever would have undone it is gone' });
  }
  return false;
}

/** An attempt to undo a step has ended; the next one is undone, or the workflow is over. */
export function undone(run: Run, step: Step, answer: Answer): void {
  if (answer.status === 'error') run.change(step, { undo: 'failed', error: answer.error });
  else run.change(step, { undo: 'done' });
  run.undoOn();
}

/** Has a step undone; false when nobody is there for it. */
function undo(run: Run, step: Step): boolean {
  const { unit } = run;
  const { compensate, capability } = run.specOf(step);
  if (!compensate) return false;
  const able = compensate.capability ?? (compensate.agent === undefined ? capability : undefined);
  const taker = able === undefined ? unit.boxNamed(compensate.agent ?? step.agentName) : queueOf(unit, able);
  if (!taker) return false;
  const message = taskMessage(run, step, {
    target: taker.name,
    action: compensate.action,
    requirements: JSON.stringify(compensate.requirements ?? {}),
    rest: `"inputs":{${JSON.stringify(step.name)}:${step.output || 'null'}},"compensates":true`,
  });
  run.change(step, { undo: 'running', undoMessage: message.id });
  const within = compensate.timeout_ms;
  if (within !== undefined) schedule(unit, unit.now + BigInt(within) * 1000n, 'step-timeout', step.id, message.id);
  post(unit, message, [taker]);
  return true;
}

// Undoes what was done when a workflow ends badly: what has a compensation, once each, in reverse order of completion.

import { post } from '../message/accept.ts';
import type { Answer } from '../message/ask.ts';
import { queueOf } from '../message/queue.ts';
import { taskMessage } from './assignment.ts';
import type { Run, Step } from './run.ts';

/** Undoes the last step that was done and is not undone yet. Returns false when there is none (any more). */
export function undoNext(run: Run): boolean {
  const { desk } = run;
  const done = run.steps().filter(step => step.state === 'succeeded' && run.specOf(step).compensate);
  if (done.some(step => step.undo === 'running')) return true;
  for (const step of done.sort((a, b) => b.order - a.order)) {
    if (step.undo !== '') continue;
    if (undo(run, step)) return true;
    run.change(step, { undo: 'failed', error: 'whoever would have undone it is gone' });
  }
  return false;

  function undo(run: Run, step: Step): boolean {
    const { compensate, capability } = run.specOf(step);
    if (!compensate) return false;
    const able = compensate.capability ?? (compensate.agent === undefined ? capability : undefined);
    const agent = compensate.agent ?? step.agentName;
    const taker = able === undefined ? desk.boxNamed(agent) : queueOf(desk, able);
    if (!taker) return false;
    const message = taskMessage(run, step, {
      target: taker.name,
      action: compensate.action,
      requirements: JSON.stringify(compensate.requirements ?? {}),
      rest: `"inputs":{${JSON.stringify(step.name)}:${step.output || 'null'}},"compensates":true`,
    });
    run.change(step, { undo: 'running', undoMessage: message.id });
    post(desk, message, [taker]);
    return true;
  }
}

/** An attempt to undo a step has ended; the next one is undone, or the workflow is over. */
export function undone(run: Run, step: Step, answer: Answer): void {
  if (answer.status === 'error') run.change(step, { undo: 'failed', error: answer.error });
  else run.change(step, { undo: 'done' });
  if (!undoNext(run)) run.compensated();
}

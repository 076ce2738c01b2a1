// Compensation when a workflow ends badly: undoes each succeeded step that has a `compensate`, each succeeded element of one that
// has, and the steps of succeeded nested workflows; once, one after another, in reverse order of completion.

import { queueOf } from '../message/queue.ts';
import { post } from '../message/store.ts';
import { toMicros } from '../micros.ts';
import { innerOf } from './kinds.ts';
import type { Run } from './run.ts';
import { namedIn, type Step } from './step.ts';
import { workMessage } from './work-message.ts';

/** What follows: the next step, the end of the workflow, or nothing before the end of what is being undone. */
export type Undoing = 'next' | 'end' | 'wait';

/** Looks at one step: the latest that was not looked at. Undoes it if that is defined. `undoNested` undoes a nested workflow. */
export function undoNext(run: Run, undoNested: (inner: Run, reason: string) => void): Undoing {
  const { state } = run;
  // Nested workflows that were cancelled undo their steps first, which are later than those that had ended.
  if (state.undoing > 0 || state.cancelledNested > 0) return 'wait';
  if (state.undoAt === 0) return 'end';
  const step = run.endedAs(state.undoAt--);
  if (step?.state !== 'succeeded' || step.undo !== '') return 'next';
  const { compensate, hasCompensation, forEach } = run.specOf(step);
  // Elements are undone one by one.
  if (forEach || !(compensate || hasCompensation)) return 'next';
  state.undos++;
  const isBegun = compensate ? undo(run, step) : undoInner(run, step, undoNested);
  return isBegun ? 'wait' : 'next';
}

function undoInner(run: Run, step: Step, undoNested: (inner: Run, reason: string) => void): boolean {
  const inner = innerOf(run, step);
  if (inner?.status !== 'succeeded') {
    run.change(step, { undo: 'failed', error: 'its nested workflow is no longer kept' });
    return false;
  }
  run.change(step, { undo: 'running', undoMessage: inner.state.id });
  run.state.undoing = step.position + 1;
  undoNested(inner, `step "${step.name}" is undone`);
  return true;
}

/** Assigns the compensation of a step. Returns false if its agent or capability does not exist: then it has failed. */
function undo(run: Run, step: Step): boolean {
  const { unit } = run;
  const spec = run.specOf(step);
  const { compensate, capability } = spec;
  if (!compensate) return false;
  const queue = compensate.capability ?? (compensate.agent === undefined ? capability : undefined);
  const agent = compensate.agent === undefined ? unit.box(step.agent) : namedIn(unit, spec, compensate.agent);
  const assignee = queue === undefined ? agent : queueOf(unit, queue);
  if (!assignee) {
    run.change(step, { undo: 'failed', error: 'the agent that undoes it is unregistered' });
    return false;
  }
  const message = workMessage(run, step, 'undo', assignee);
  run.change(step, { undo: 'running', undoMessage: message.id });
  run.state.undoing = step.position + 1;
  const timeoutMs = compensate.timeout_ms;
  if (timeoutMs !== undefined) run.schedule(unit.now + toMicros(timeoutMs), 'step-timeout', step.id, message.id);
  post(unit, message, [assignee]);
  return true;
}

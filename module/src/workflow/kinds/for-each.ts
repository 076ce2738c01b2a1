// A step with one child for each element of a list; its output is the list of their outputs.

import { LIMITS } from '../../contract/limits.ts';
import { UNTOUCHED } from '../../tables/workflow.ts';
import { listOf } from '../rules.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';
import type { Progress, StepKind } from './kind.ts';

export const forEach: StepKind = {
  appliesTo: (_, spec) => spec.forEach !== undefined,
  begins: beginElements,
  waitsFor: () => ({ waitsFor: 'elements', whom: [], until: 0n }),
  stops: cancelChildren,
  childEnded,
};

/** The children of a step in order: one look-up each, at most a thousand. */
export function childrenOf(run: Run, parent: Step): Step[] {
  return Array.from({ length: parent.children }, (_, at) => run.step(parent.firstChild + at)).filter(
    step => step !== undefined,
  );
}

/** Assigns the children of a step, up to its concurrency. The first time, creates them. */
function beginElements(progress: Progress, run: Run, step: Step): void {
  const spec = run.specOf(step).forEach;
  if (!spec) return;
  if (step.children === 0) {
    const list = listOf(spec, run.step(spec.position)?.output ?? '');
    if (typeof list === 'string') return progress.finish(run, step, 'fail', { error: list });
    const rows = run.state.total + list.length;
    if (rows > LIMITS.workflowRows) {
      const error = `the workflow would have ${rows} steps and elements; ${LIMITS.workflowRows} are allowed`;
      return progress.finish(run, step, 'fail', { error });
    }
    if (list.length === 0) return progress.finish(run, step, 'succeed', { output: '[]' });
    addChildren(run, step, list);
  }
  if (!run.startAttempt(step, '')) return;
  run.change(step, { given: 0, done: 0 });
  assignChildren(progress, run, step);
}

/** Ends the parent with its last child, or with the first that fails; else assigns the next child. */
function childEnded(progress: Progress, run: Run, parent: Step, child: Step): void {
  run.change(parent, { done: parent.done + 1 });
  if (child.state === 'succeeded') return assignChildren(progress, run, parent);
  cancelChildren(progress, run, parent, `${child.name} failed`);
  progress.finish(run, parent, 'fail', { error: `${child.name}: ${child.error}` });
}

function cancelChildren(progress: Progress, run: Run, parent: Step, reason: string): void {
  for (const child of childrenOf(run, parent)) if (child.endedAt === 0n) progress.cancelStep(run, child, reason);
}

/** Assigns children up to the concurrency of the step. Those that succeeded before a retry count as done. */
function assignChildren(progress: Progress, run: Run, parent: Step): void {
  const max = run.specOf(parent).forEach?.concurrency ?? parent.children;
  while (parent.state === 'running' && parent.given < parent.children && parent.given - parent.done < max) {
    const child = run.step(parent.firstChild + parent.given);
    const isDone = child?.state === 'succeeded';
    run.change(parent, { given: parent.given + 1, done: parent.done + (isDone ? 1 : 0) });
    if (child && !isDone) progress.assign(run, child);
  }
  if (parent.state === 'running' && parent.done === parent.children) collectOutputs(progress, run, parent);
}

function collectOutputs(progress: Progress, run: Run, parent: Step): void {
  const output = `[${childrenOf(run, parent)
    .map(each => each.output || 'null')
    .join(',')}]`;
  if (output.length <= LIMITS.inputsLength) return progress.finish(run, parent, 'succeed', { output });
  const error = `its results are ${output.length} characters; ${LIMITS.inputsLength} are allowed`;
  progress.finish(run, parent, 'fail', { error });
}

function addChildren(run: Run, parent: Step, list: readonly unknown[]): void {
  const { forEach: _, when: _when, approval: _approval, compensate: _compensate, ...spec } = run.specOf(parent);
  const firstChild = run.state.total;
  list.forEach((element, at) => {
    run.add({
      ...parent,
      ...UNTOUCHED,
      id: 0n,
      position: firstChild + at,
      name: `${parent.name}[${at}]`,
      dependencies: [],
      dependents: [],
      unmet: 0,
      met: 0,
      state: 'pending',
      spec: JSON.stringify({ ...spec, need: 0 }),
      parent: parent.position + 1,
      element: JSON.stringify(element),
    });
  });
  run.change(parent, { firstChild, children: list.length });
}

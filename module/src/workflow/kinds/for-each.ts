// A step with one child for each element of a list; its output is the list of their outputs.

import { LIMITS } from '../../contract/limits.ts';
import { UNTOUCHED } from '../../tables/workflow.ts';
import { listOf } from '../rules.ts';
import type { Run } from '../run.ts';
import { outputLength, type Step } from '../step.ts';
import type { Progress, StepKind } from './kind.ts';

export const forEach: StepKind = {
  appliesTo: (_, spec) => spec.forEach !== undefined,
  begins: beginElements,
  waitsFor: () => ({ waitsFor: 'elements', whom: [], until: 0n }),
  childEnded,
};

/** Assigns the children of a step, up to its concurrency. The first time, creates them: at most 1,000 rows. */
function beginElements(progress: Progress, run: Run, step: Step): void {
  const spec = run.specOf(step).forEach;
  if (!spec) return;
  if (step.children === 0) {
    const dependency = run.step(spec.position);
    const list = listOf(spec, dependency && run.valueOf(dependency));
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
  run.jobs.unshift({ do: 'elements', step: step.position });
}

/** Ends the parent with its last child, or with the first that fails; else assigns the next child. */
function childEnded(_: Progress, run: Run, parent: Step, child: Step): void {
  run.change(parent, { done: parent.done + 1 });
  const step = parent.position;
  if (child.state === 'succeeded') run.jobs.unshift({ do: 'elements', step });
  else {
    const about = { reason: `${child.name} failed`, error: `${child.name}: ${child.error}` };
    run.jobs.unshift({ do: 'end-elements', step, at: 0, trigger: 'fail', ...about });
  }
}

/** Assigns the next child, if the concurrency of the step allows; or ends the step. One that succeeded before a retry is done. */
export function assignNext(progress: Progress, run: Run, parent: Step): void {
  if (parent.state !== 'running') return;
  const max = run.specOf(parent).forEach?.concurrency ?? parent.children;
  if (parent.given < parent.children && parent.given - parent.done < max) {
    const child = run.step(parent.firstChild + parent.given);
    const isDone = child?.state === 'succeeded';
    run.change(parent, { given: parent.given + 1, done: parent.done + (isDone ? 1 : 0) });
    run.jobs.unshift({ do: 'elements', step: parent.position });
    if (child && !isDone) progress.assign(run, child);
  } else if (parent.done === parent.children) collectOutputs(progress, run, parent);
}

/** Ends the step with the list of its outputs. Bound: 1,000 rows, and outputs of `inputsLength` characters. */
function collectOutputs(progress: Progress, run: Run, parent: Step): void {
  const children = Array.from({ length: parent.children }, (_, at) => run.step(parent.firstChild + at));
  const length = children.reduce((sum, child) => sum + (child ? outputLength(child) : 0) + 1, 1);
  if (length > LIMITS.inputsLength) {
    const error = `its results are ${length} characters; ${LIMITS.inputsLength} are allowed`;
    return progress.finish(run, parent, 'fail', { error });
  }
  const outputs = children.map(child => (child && run.outputOf(child)) || 'null');
  progress.finish(run, parent, 'succeed', { output: `[${outputs.join(',')}]` });
}

/** The positions of the elements of a step. */
export function childrenFrom({ firstChild, children }: Step): number[] {
  return Array.from({ length: children }, (_, at) => firstChild + at);
}

function addChildren(run: Run, parent: Step, list: readonly unknown[]): void {
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
      output: '',
      requirements: '',
      spec: '',
      parent: parent.position + 1,
      element: JSON.stringify(element),
    });
  });
  run.change(parent, { firstChild, children: list.length });
}

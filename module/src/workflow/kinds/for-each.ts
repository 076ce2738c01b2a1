// A step that is done for each element of a list: one child an element, and their results in order.

import { LIMITS } from '../../contract/limits.ts';
import { listOf } from '../rules.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';
import { UNTOUCHED } from '../../tables/workflow.ts';

/** Gives out the children of a step, which are made the first time: as many at once as was said. */
export function beginEach(run: Run, step: Step): void {
  const { forEach } = run.specOf(step);
  if (!forEach) return;
  if (step.children === 0) {
    const list = listOf(forEach, run.step(forEach.position)?.output ?? '');
    if (typeof list === 'string') return run.finish(step, 'fail', { error: list });
    const rows = run.state.total + list.length;
    if (rows > LIMITS.workflowRows) {
      const error = `the workflow would have ${rows} steps and elements; ${LIMITS.workflowRows} are allowed`;
      return run.finish(step, 'fail', { error });
    }
    if (list.length === 0) return run.finish(step, 'succeed', { output: '[]' });
    addChildren(run, step, list);
  }
  if (!run.begun(step, '')) return;
  run.change(step, { given: 0, done: 0 });
  giveOut(run, step);
}

/** A child has ended: with the last one its parent has, with a failed one too. */
export function childEnded(run: Run, child: Step): void {
  const parent = run.step(child.parent - 1);
  if (parent?.state !== 'running') return;
  run.change(parent, { done: parent.done + 1 });
  if (child.state !== 'succeeded') {
    callOffChildren(run, parent, `${child.name} failed`);
    run.finish(parent, 'fail', { error: `${child.name}: ${child.error}` });
  } else giveOut(run, parent);
}

/** Calls off what is not done of a step's children. */
export function callOffChildren(run: Run, parent: Step, reason: string): void {
  for (const child of childrenOf(run, parent)) if (child.endedAt === 0n) run.callOff(child, reason);
}

/** The children of a step in order: at most a thousand points. */
export function childrenOf(run: Run, parent: Step): Step[] {
  return Array.from({ length: parent.children }, (_, at) => run.step(parent.firstChild + at)).filter(
    step => step !== undefined,
  );
}

/** Gives out children as far as the step's concurrency goes; those that were done in an earlier life of it count as done. */
function giveOut(run: Run, parent: Step): void {
  const most = run.specOf(parent).forEach?.concurrency ?? parent.children;
  while (parent.state === 'running' && parent.given < parent.children && parent.given - parent.done < most) {
    const child = run.step(parent.firstChild + parent.given);
    const isDone = child?.state === 'succeeded';
    run.change(parent, { given: parent.given + 1, done: parent.done + (isDone ? 1 : 0) });
    if (child && !isDone) run.assign(child);
  }
  if (parent.state === 'running' && parent.done === parent.children) gather(run, parent);
}

/** The results of all children are the result of their parent. */
function gather(run: Run, parent: Step): void {
  const output = `[${childrenOf(run, parent)
    .map(each => each.output || 'null')
    .join(',')}]`;
  if (output.length <= LIMITS.inputsLength) return run.finish(parent, 'succeed', { output });
  const error = `its results are ${output.length} characters; ${LIMITS.inputsLength} are allowed`;
  run.finish(parent, 'fail', { error });
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

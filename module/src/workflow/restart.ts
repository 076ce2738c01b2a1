// Runs steps again: of a workflow that is retried, and of a fork, which copies the others.

import { childrenFrom } from './kinds/for-each.ts';
import { withdrawRequest } from './kinds/approval.ts';
import type { JobOf } from './job.ts';
import { innerOf } from './kinds.ts';
import { Run } from './run.ts';
import { isBad, isMet, type Step } from './step.ts';

/** Columns of a step that a restart clears. */
const CLEARED = { message: '', tries: 0, dueAt: 0n, approval: '', approver: 0n } as const;
const RESTARTED = { ...CLEARED, endedAt: 0n, startedAt: 0n, error: '', output: '', order: 0 } as const;

/**
 * Restarts one step that ended without success, and adds its elements and its dependents to the job. Before, if `at` is given,
 * looks at one step or element: one that failed the workflow, or was cancelled when it ended, is restarted, too.
 */
export function restartNext(run: Run, job: JobOf<'restart'>): void {
  const { at } = job;
  if (at !== undefined) {
    const step = run.step(at);
    const isPart =
      step?.parent === 0 && (step.state === 'cancelled' || (isBad(step) && run.specOf(step).onFailure === 'fail'));
    const open = isPart && !job.open.includes(at) ? [...job.open, at] : job.open;
    run.jobs.unshift({ ...job, open, at: step ? at + 1 : undefined });
    return;
  }
  const [position, ...open] = job.open;
  if (position === undefined) return;
  const step = run.step(position);
  if (!step || step.state === 'succeeded' || step.endedAt === 0n) {
    run.jobs.unshift({ ...job, open });
    return;
  }
  const next = new Set([...open, ...restart(run, step, job.by)]);
  run.jobs.unshift({ ...job, open: [...next] });
}

/** Restarts a step, and resets its dependents that have not begun. Returns the positions of those that are restarted with it. */
function restart(run: Run, step: Step, by: string): number[] {
  const inner = step.state === 'cancelled' ? innerOf(run, step) : undefined;
  // Its end no longer concerns the step.
  if (inner && !inner.hasEnded) run.state.cancelledNested--;
  run.moveStep(step, 'restart', RESTARTED);
  run.state.ended--;
  const next = childrenFrom(step);
  for (const position of step.dependents) {
    const dependent = run.step(position);
    if (!dependent) continue;
    if (dependent.endedAt > 0n && dependent.state !== 'succeeded') next.push(position);
    else if (dependent.state === 'pending' || dependent.state === 'ready') {
      withdrawRequest(run.unit, dependent, `step "${by}" runs again`);
      run.moveStep(dependent, 'reset', { ...CLEARED });
    }
  }
  return next;
}

/** Counts again how many dependencies of a step have not ended, and how many ended well. At most a thousand. */
export function recount(run: Run, step: Step): void {
  const queued = new Set(run.jobs.map(job => (job.do === 'update' && job.at === 0 ? job.step : -1)));
  let unmet = 0;
  let met = 0;
  for (const position of step.dependencies) {
    const dependency = run.step(position);
    if (!dependency) continue;
    // An end whose job is queued is counted by that job.
    if (dependency.endedAt === 0n || queued.has(position)) unmet++;
    else if (isMet(dependency, run.specOf(dependency))) met++;
  }
  run.change(step, { unmet, met });
}

/** Copies one succeeded step of an ended workflow into its fork. */
export function copyNext(run: Run, job: JobOf<'copy'>): void {
  if (job.at > job.last) return;
  run.jobs.unshift({ ...job, at: job.at + 1 });
  const source = Run.find(run.unit, job.from);
  const before = source?.endedAs(job.at);
  const copy = before?.parent === 0 ? run.step(before.position) : undefined;
  // Undone steps run again.
  if (!source || !before || !copy || before.state !== 'succeeded' || before.undo !== '') return;
  if (job.again.includes(before.position)) return;
  const order = run.state.ends + 1;
  const { startedAt } = before;
  run.moveStep(copy, 'succeed', { output: source.outputOf(before), startedAt, endedAt: run.unit.now, order });
  run.state.ends = order;
  run.state.ended++;
}

// What each job does. Each call of one does a bounded part: it reads and changes a few rows, and puts the rest of the job back to
// the front of the queue before it does anything that may put further jobs in front.

import { undoNext } from './compensate.ts';
import type { Job, JobOf, PassJob } from './job.ts';
import { innerOf } from './kinds.ts';
import { assignNext } from './kinds/for-each.ts';
import {
  assign,
  beginDecided,
  cancelStep,
  decide,
  end,
  pause,
  PROGRESS,
  resume,
  undoNested,
  updateDependents,
} from './progress.ts';
import { copyNext, recount, restartNext } from './restart.ts';
import type { Run } from './run.ts';
import type { Step } from './step.ts';

/** Held steps that find no room before the others wait for the next try. */
const MAX_MISSES = 16;

const PERFORM: { readonly [Kind in Job['do']]: (run: Run, job: JobOf<Kind>) => void } = {
  update: (run, { step, at }) => updateDependents(run, step, at),
  release: (run, job) => {
    const step = nextPlanned(run, job);
    if (step?.state === 'pending') decide(run, step);
  },
  losers: cancelLosers,
  begin: (run, { step: position }) => {
    const step = run.step(position);
    if (step?.state === 'pending') beginDecided(run, step);
  },
  elements: (run, { step: position }) => {
    const step = run.step(position);
    if (step) assignNext(PROGRESS, run, step);
  },
  'end-elements': endElements,
  'pause-nested': (run, job) => {
    const inner = nextRunningInner(run, job);
    if (inner?.isRunning) pause(inner, true);
  },
  resume: (run, job) => {
    const step = nextStep(run, job);
    const isDue = step?.state === 'ready' && step.dueAt <= run.unit.now && step.approval !== 'asked';
    if (isDue) assign(run, step);
  },
  'resume-nested': (run, job) => {
    const inner = nextRunningInner(run, job);
    if (inner?.status === 'paused' && inner.state.pausedWith) resume(inner);
  },
  cancel: (run, job) => {
    const step = nextStep(run, job);
    if (step?.endedAt === 0n) cancelStep(run, step, job.reason);
    if (step) return;
    run.state.undoAt = run.state.ends;
    run.jobs.push({ do: 'undo' });
  },
  undo: run => {
    const isAgain = undoNext(run, undoNested);
    if (isAgain === 'next') run.jobs.unshift({ do: 'undo' });
    else if (isAgain === 'end') end(run, run.state.outcome === 'cancelled' ? 'undone-cancelled' : 'undone-failed');
  },
  restart: restartNext,
  recount: (run, job) => {
    const step = nextPlanned(run, job);
    if (step?.state === 'pending') recount(run, step);
  },
  copy: copyNext,
  held: tryHeld,
};

/** Performs a part of a job. */
export function performJob<Kind extends Job['do']>(run: Run, job: JobOf<Kind>): void {
  PERFORM[job.do](run, job);
}

/** The step or element at the cursor of a job, whose cursor then moves on. */
function nextStep(run: Run, job: PassJob | JobOf<'cancel'>): Step | undefined {
  const step = run.step(job.at);
  if (step) run.jobs.unshift({ ...job, at: job.at + 1 });
  return step;
}

/** The same without elements, which come after all steps. */
function nextPlanned(run: Run, job: PassJob): Step | undefined {
  const step = run.step(job.at);
  if (!step || step.parent > 0) return undefined;
  run.jobs.unshift({ ...job, at: job.at + 1 });
  return step;
}

function nextRunningInner(run: Run, job: PassJob): Run | undefined {
  const step = nextPlanned(run, job);
  return step?.state === 'running' ? innerOf(run, step) : undefined;
}

/** Cancels the losers of a race: unfinished steps that no other pending step depends on, and the steps that only they need. */
function cancelLosers(run: Run, job: JobOf<'losers'>): void {
  const [position, ...open] = job.open;
  if (position === undefined) return;
  const step = run.step(position);
  const isLoser = step?.endedAt === 0n && !isNeeded(run, step, job.winner);
  const further = isLoser ? step.dependencies : [];
  run.jobs.unshift({ ...job, open: [...further, ...open] });
  if (isLoser) cancelStep(run, step, `step "${run.step(job.winner)?.name ?? ''}" no longer needs it`);
}

function isNeeded(run: Run, step: Step, winner: number): boolean {
  // At most a thousand dependents.
  return step.dependents.some(position => position !== winner && run.step(position)?.state === 'pending');
}

function endElements(run: Run, job: JobOf<'end-elements'>): void {
  const parent = run.step(job.step);
  if (!parent) return;
  const child = job.at < parent.children ? run.step(parent.firstChild + job.at) : undefined;
  if (!child) return run.endStep(parent, job.trigger, { error: job.error });
  run.jobs.unshift({ ...job, at: job.at + 1 });
  if (child.endedAt === 0n) cancelStep(run, child, job.reason);
}

function tryHeld(run: Run, { left, misses }: JobOf<'held'>): void {
  const position = run.isRunning && left > 0 && misses < MAX_MISSES ? run.held.shift() : undefined;
  if (position === undefined) {
    const [first] = run.held;
    const step = first === undefined ? undefined : run.step(first);
    if (step && run.isRunning) run.hold(step);
    return;
  }
  const step = run.step(position);
  const isHeld = step?.state === 'ready' && step.approval !== 'asked' && step.dueAt === 0n;
  const before = run.held.length;
  if (isHeld) assign(run, step);
  const isMiss = run.held.length > before;
  if (isHeld && !isMiss) run.state.heldTries = 0;
  run.jobs.unshift({ do: 'held', left: left - 1, misses: misses + (isMiss ? 1 : 0) });
}

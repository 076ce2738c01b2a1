// Every move of a step and of a workflow: where each happening leads from each state. What runs workflows asks here, so that a
// pair without an answer does not compile.

import type { StepState, WorkflowStatus } from '../contract/words.ts';

/** What may happen to a step. */
export const STEP_HAPPENINGS = [
  /** It waits for no step any more, but is held: the workflow is paused, or somebody has to agree first. */
  'hold',
  'assign',
  'succeed',
  /** It was tried for the last time, was not agreed to, or nobody is left to do it. */
  'fail',
  'time-out',
  /** An attempt has failed, and another is to come. */
  'try-again',
  'approve',
  'skip',
  'call-off',
  /** Somebody has it done again. */
  'renew',
  /** A step that it depends on is done again. */
  'set-back',
] as const;
/** One of `STEP_HAPPENINGS`. */
export type StepHappening = (typeof STEP_HAPPENINGS)[number];

/** What may happen to a workflow. */
export const WORKFLOW_HAPPENINGS = [
  'pause',
  'resume',
  'cancel',
  /** A step has failed it, or its time is over. */
  'fail',
  /** Its last step has ended. */
  'finish',
  /** All that could be undone is, of one that failed, or was called off. */
  'undone-failed',
  'undone-cancelled',
  /** A step of it is done again. */
  'renew',
  /** It is run once more, as another workflow. */
  'fork',
] as const;
/** One of `WORKFLOW_HAPPENINGS`. */
export type WorkflowHappening = (typeof WORKFLOW_HAPPENINGS)[number];

/** A state, or that nothing happens (it comes too late), or that whoever wants it is refused. */
export type Move<State> = State | 'ignored' | 'refused';

const ended = {
  hold: 'ignored',
  assign: 'ignored',
  succeed: 'ignored',
  fail: 'ignored',
  'time-out': 'ignored',
  'try-again': 'ignored',
  approve: 'refused',
  skip: 'ignored',
  'call-off': 'ignored',
  renew: 'pending',
  'set-back': 'ignored',
} as const;

/** Every move of a step. */
export const STEP_MOVES: Readonly<Record<StepState, Readonly<Record<StepHappening, Move<StepState>>>>> = {
  pending: {
    hold: 'ready',
    assign: 'running',
    // There was nothing to do, or it was done in the workflow that this one is a fork of.
    succeed: 'succeeded',
    fail: 'failed',
    'time-out': 'ignored',
    'try-again': 'ignored',
    approve: 'refused',
    skip: 'skipped',
    'call-off': 'cancelled',
    renew: 'refused',
    'set-back': 'pending',
  },
  ready: {
    hold: 'ready',
    assign: 'running',
    succeed: 'succeeded',
    fail: 'failed',
    'time-out': 'ignored',
    'try-again': 'ignored',
    approve: 'ready',
    skip: 'ignored',
    'call-off': 'cancelled',
    renew: 'refused',
    'set-back': 'pending',
  },
  running: {
    hold: 'ignored',
    // It has one holder.
    assign: 'ignored',
    succeed: 'succeeded',
    fail: 'failed',
    'time-out': 'timed_out',
    'try-again': 'ready',
    approve: 'refused',
    skip: 'ignored',
    'call-off': 'cancelled',
    renew: 'refused',
    'set-back': 'ignored',
  },
  succeeded: { ...ended, renew: 'refused' },
  failed: ended,
  skipped: ended,
  timed_out: ended,
  cancelled: ended,
};

/** Every move of a workflow. */
export const WORKFLOW_MOVES: Readonly<
  Record<WorkflowStatus, Readonly<Record<WorkflowHappening, Move<WorkflowStatus>>>>
> = {
  running: {
    pause: 'paused',
    resume: 'ignored',
    cancel: 'compensating',
    fail: 'compensating',
    finish: 'succeeded',
    'undone-failed': 'ignored',
    'undone-cancelled': 'ignored',
    renew: 'running',
    fork: 'refused',
  },
  paused: {
    pause: 'ignored',
    resume: 'running',
    cancel: 'compensating',
    fail: 'compensating',
    finish: 'succeeded',
    'undone-failed': 'ignored',
    'undone-cancelled': 'ignored',
    renew: 'paused',
    fork: 'refused',
  },
  compensating: {
    pause: 'refused',
    resume: 'refused',
    cancel: 'refused',
    fail: 'ignored',
    finish: 'ignored',
    'undone-failed': 'failed',
    'undone-cancelled': 'cancelled',
    renew: 'refused',
    fork: 'refused',
  },
  succeeded: {
    pause: 'refused',
    resume: 'refused',
    cancel: 'refused',
    fail: 'ignored',
    finish: 'ignored',
    'undone-failed': 'ignored',
    'undone-cancelled': 'ignored',
    renew: 'running',
    fork: 'succeeded',
  },
  failed: {
    pause: 'refused',
    resume: 'refused',
    cancel: 'refused',
    fail: 'ignored',
    finish: 'ignored',
    'undone-failed': 'ignored',
    'undone-cancelled': 'ignored',
    renew: 'running',
    fork: 'failed',
  },
  cancelled: {
    pause: 'refused',
    resume: 'refused',
    // Said again.
    cancel: 'ignored',
    fail: 'ignored',
    finish: 'ignored',
    'undone-failed': 'ignored',
    'undone-cancelled': 'ignored',
    renew: 'running',
    fork: 'cancelled',
  },
};

/** Where a happening leads a step; undefined where it comes too late. Throws what is refused: callers refuse by name before. */
export function moveStep(from: StepState, happening: StepHappening): StepState | undefined {
  return led(STEP_MOVES[from][happening], `a step that is ${from} cannot ${happening}`);
}

/** Where a happening leads a workflow; undefined where it comes too late. Throws what is refused, as `moveStep` does. */
export function moveWorkflow(from: WorkflowStatus, happening: WorkflowHappening): WorkflowStatus | undefined {
  return led(WORKFLOW_MOVES[from][happening], `a workflow that is ${from} cannot ${happening}`);
}

/** Whether a happening means something to a step where it stands. */
export function concernsStep(from: StepState, happening: StepHappening): boolean {
  return !isNone(STEP_MOVES[from][happening]);
}

/** Whether a happening is refused where a workflow stands. */
export function isRefused(from: WorkflowStatus, happening: WorkflowHappening): boolean {
  return WORKFLOW_MOVES[from][happening] === 'refused';
}

function led<State extends string>(to: Move<State>, sentence: string): State | undefined {
  if (to === 'refused') throw new Error(sentence);
  return to === 'ignored' ? undefined : to;
}

function isNone(to: string): boolean {
  return to === 'ignored' || to === 'refused';
}

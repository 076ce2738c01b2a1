// State machines of steps and workflows, as tables: the state after each trigger in each state. A missing pair does not compile.

import type { StepState, WorkflowStatus } from '../contract/words.ts';

/** Triggers of a step. */
export const STEP_TRIGGERS = [
  /** Its dependencies have ended, but the workflow is paused or the step needs an approval first. */
  'hold',
  'assign',
  'succeed',
  /** Its last attempt failed, its approval was rejected, or its agent is unregistered. */
  'fail',
  'time-out',
  /** An attempt failed and another one follows after a backoff. */
  'retry',
  'approve',
  'skip',
  'cancel',
  /** A caller runs an ended step again (`retryStep`). */
  'restart',
  /** A dependency is restarted, so that the step waits for it again. */
  'reset',
] as const;
/** One of `STEP_TRIGGERS`. */
export type StepTrigger = (typeof STEP_TRIGGERS)[number];

/** Triggers of a workflow. */
export const WORKFLOW_TRIGGERS = [
  'pause',
  'resume',
  'cancel',
  /** A failed step fails it, or its deadline passed. */
  'fail',
  /** Its last step ended. */
  'finish',
  /** Compensation has ended, of a workflow that failed or was cancelled. */
  'undone-failed',
  'undone-cancelled',
  /** A step of it is restarted. */
  'restart',
  /** Another workflow starts as a copy of it. */
  'fork',
  /** The outer workflow, of which it is a succeeded step, ends badly. */
  'undo',
] as const;
/** One of `WORKFLOW_TRIGGERS`. */
export type WorkflowTrigger = (typeof WORKFLOW_TRIGGERS)[number];

/** The next state; or `ignored`, if the trigger comes too late; or `refused`, if the caller gets an error. */
export type Move<State> = State | 'ignored' | 'refused';

const ended = {
  hold: 'ignored',
  assign: 'ignored',
  succeed: 'ignored',
  fail: 'ignored',
  'time-out': 'ignored',
  retry: 'ignored',
  approve: 'refused',
  skip: 'ignored',
  cancel: 'ignored',
  restart: 'pending',
  reset: 'ignored',
} as const;

/** Moves of a step. */
export const STEP_MOVES: Readonly<Record<StepState, Readonly<Record<StepTrigger, Move<StepState>>>>> = {
  pending: {
    hold: 'ready',
    assign: 'running',
    // Its list was empty, or the workflow is a fork and the step succeeded in the original.
    succeed: 'succeeded',
    fail: 'failed',
    'time-out': 'ignored',
    retry: 'ignored',
    approve: 'refused',
    skip: 'skipped',
    cancel: 'cancelled',
    restart: 'refused',
    reset: 'pending',
  },
  ready: {
    hold: 'ready',
    assign: 'running',
    succeed: 'succeeded',
    fail: 'failed',
    'time-out': 'ignored',
    retry: 'ignored',
    approve: 'ready',
    skip: 'ignored',
    cancel: 'cancelled',
    restart: 'refused',
    reset: 'pending',
  },
  running: {
    hold: 'ignored',
    // One assignment at a time.
    assign: 'ignored',
    succeed: 'succeeded',
    fail: 'failed',
    'time-out': 'timed_out',
    retry: 'ready',
    approve: 'refused',
    skip: 'ignored',
    cancel: 'cancelled',
    restart: 'refused',
    reset: 'ignored',
  },
  succeeded: { ...ended, restart: 'refused' },
  failed: ended,
  skipped: ended,
  timed_out: ended,
  cancelled: ended,
};

/** Moves of a workflow. */
export const WORKFLOW_MOVES: Readonly<Record<WorkflowStatus, Readonly<Record<WorkflowTrigger, Move<WorkflowStatus>>>>> =
  {
    running: {
      pause: 'paused',
      resume: 'ignored',
      cancel: 'compensating',
      fail: 'compensating',
      finish: 'succeeded',
      'undone-failed': 'ignored',
      'undone-cancelled': 'ignored',
      restart: 'running',
      fork: 'refused',
      undo: 'ignored',
    },
    paused: {
      pause: 'ignored',
      resume: 'running',
      cancel: 'compensating',
      fail: 'compensating',
      finish: 'succeeded',
      'undone-failed': 'ignored',
      'undone-cancelled': 'ignored',
      restart: 'paused',
      fork: 'refused',
      undo: 'ignored',
    },
    compensating: {
      pause: 'refused',
      resume: 'refused',
      cancel: 'refused',
      fail: 'ignored',
      finish: 'ignored',
      'undone-failed': 'failed',
      'undone-cancelled': 'cancelled',
      restart: 'refused',
      fork: 'refused',
      undo: 'ignored',
    },
    succeeded: {
      pause: 'refused',
      resume: 'refused',
      cancel: 'refused',
      fail: 'ignored',
      finish: 'ignored',
      'undone-failed': 'ignored',
      'undone-cancelled': 'ignored',
      restart: 'running',
      fork: 'succeeded',
      undo: 'compensating',
    },
    failed: {
      pause: 'refused',
      resume: 'refused',
      cancel: 'refused',
      fail: 'ignored',
      finish: 'ignored',
      'undone-failed': 'ignored',
      'undone-cancelled': 'ignored',
      restart: 'running',
      fork: 'failed',
      undo: 'ignored',
    },
    cancelled: {
      pause: 'refused',
      resume: 'refused',
      // A repeated call is a no-op.
      cancel: 'ignored',
      fail: 'ignored',
      finish: 'ignored',
      'undone-failed': 'ignored',
      'undone-cancelled': 'ignored',
      restart: 'running',
      fork: 'cancelled',
      undo: 'ignored',
    },
  };

/** The state of a step after a trigger; undefined if the trigger is ignored. Throws if it is refused: callers check before. */
export function stepAfter(from: StepState, trigger: StepTrigger): StepState | undefined {
  return stateAfter(STEP_MOVES[from][trigger], `a step that is ${from} cannot ${trigger}`);
}

/** The status of a workflow after a trigger; undefined if the trigger is ignored. Throws if it is refused. */
export function workflowAfter(from: WorkflowStatus, trigger: WorkflowTrigger): WorkflowStatus | undefined {
  return stateAfter(WORKFLOW_MOVES[from][trigger], `a workflow that is ${from} cannot ${trigger}`);
}

/** Returns true if a trigger moves a step: it is neither ignored nor refused. */
export function isStepMoved(from: StepState, trigger: StepTrigger): boolean {
  const to = STEP_MOVES[from][trigger];
  return to !== 'ignored' && to !== 'refused';
}

/** Returns true if a workflow refuses a trigger. */
export function isRefused(from: WorkflowStatus, trigger: WorkflowTrigger): boolean {
  return WORKFLOW_MOVES[from][trigger] === 'refused';
}

function stateAfter<State extends string>(to: Move<State>, sentence: string): State | undefined {
  if (to === 'refused') throw new Error(sentence);
  return to === 'ignored' ? undefined : to;
}

// A kind of step, and the functions above it that it calls.

import type { StepSpec } from '../check.ts';
import type { AttemptEnd, EndFields, Run } from '../run.ts';
import type { Step } from '../step.ts';
import type { Db, Wait } from '../wait.ts';

/** Functions of `progress.ts`, which imports the kinds and is therefore passed to them. */
export interface Progress {
  /** Begins a step, or holds it while the workflow is paused. */
  assign(run: Run, step: Step): void;
  /** Takes back the work for a step, and ends the step. Only inside of a job. */
  cancelStep(run: Run, step: Step, reason: string): void;
  /** Ends a step and updates its dependents. */
  finish(run: Run, step: Step, trigger: AttemptEnd, fields: EndFields): void;
  /** Begins all steps that wait for no other step. */
  release(run: Run): void;
}

/** A kind of step. Optional hooks are called for steps of every kind, and check whether they apply. */
export interface StepKind {
  /** Returns true if a step begins as this kind, or waits as this kind. The first kind in `KINDS` applies. */
  appliesTo(step: Step, spec: StepSpec): boolean;
  /** Begins an attempt at a step. */
  begins(progress: Progress, run: Run, step: Step): void;
  /** What a step waits for that has begun as this kind. */
  waitsFor(db: Db, step: Step): Wait;
  /** Takes back the work for a step before it is cancelled. */
  stops?(progress: Progress, run: Run, step: Step, reason: string): void;
  /** An element of a running step has ended. */
  childEnded?(progress: Progress, run: Run, parent: Step, child: Step): void;
  /** The workflow that runs, or ran, as a step. */
  inner?(run: Run, step: Step): Run | undefined;
}

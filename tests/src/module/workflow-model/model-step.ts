// A step of the workflow model: its definition, its state, and the questions that the rules ask of a state.

import type { ModelWorkflow } from './model-workflow.ts';

/** JSON that a step returns. */
export type Output = unknown;

/** Definition of a step; other steps are named by position. */
export interface ModelSpec {
  readonly agent?: string;
  readonly capability?: string;
  /** The steps of the nested workflow, if this step is one. */
  readonly nested?: readonly ModelSpec[];
  readonly waitsFor: readonly number[];
  readonly need: number;
  readonly onFailure: 'fail' | 'skip' | 'continue';
  /** The first backoff; it doubles, up to a minute. */
  readonly retries?: { readonly attempts: number; readonly backoffMs: number } | undefined;
  readonly timeoutMs?: number | undefined;
  readonly when?: { readonly at: number; readonly status?: string; readonly equals?: number } | undefined;
  readonly approval?:
    { readonly by: string; readonly timeoutMs?: number | undefined; readonly next?: string | undefined } | undefined;
  /** Compensation, by the agent that did the step unless another is named. */
  readonly undo?: { readonly agent?: string | undefined; readonly timeoutMs?: number | undefined } | undefined;
  readonly forEach?: { readonly at: number; readonly concurrency?: number | undefined } | undefined;
}

/** A step and its state. */
export interface ModelStep {
  readonly spec: ModelSpec;
  readonly workflow: ModelWorkflow;
  readonly name: string;
  state: string;
  tries: number;
  /** When it is tried again, in microseconds, or 0. */
  dueAt: bigint;
  output: Output;
  /** Number of the current assignment or question; timers of earlier ones are ignored. */
  token: number;
  /** Inputs of the current assignment: outputs of the dependencies that had ended. */
  given: Map<string, Output>;
  approval: '' | 'asked' | 'approved';
  approver: string;
  undo: '' | 'running' | 'done' | 'failed';
  /** Its attempts, if it is a nested workflow, and the current one. */
  readonly runs: ModelWorkflow[];
  run: ModelWorkflow | undefined;
  children: ModelStep[];
  readonly parent: ModelStep | undefined;
}

const ENDS = ['succeeded', 'failed', 'skipped', 'timed_out', 'cancelled'];

/** Returns true if a step has ended, in any way. */
export function hasEnded({ state }: Pick<ModelStep, 'state'>): boolean {
  return ENDS.includes(state);
}
/** Returns true if a step has failed or timed out. */
export function isBad({ state }: ModelStep): boolean {
  return state === 'failed' || state === 'timed_out';
}
/** Returns true if a step satisfies the joins of its dependents. */
export function isMet(step: ModelStep): boolean {
  return step.state === 'succeeded' || (isBad(step) && step.spec.onFailure === 'continue');
}
/** Returns true if a retry may begin a step again. */
export function isRenewable(step: ModelStep): boolean {
  return hasEnded(step) && step.state !== 'succeeded';
}
/** Returns true if a succeeded step is undone: itself, or as a nested workflow. The elements of a list are undone one by one. */
export function isUndoable({ undo, nested, forEach }: ModelSpec): boolean {
  return forEach === undefined && (undo !== undefined || (nested?.some(hasUndo) ?? false));
}
/** Returns true if a step, or one nested in it, defines how it is undone. */
function hasUndo({ undo, nested }: ModelSpec): boolean {
  return undo !== undefined || (nested?.some(hasUndo) ?? false);
}
/** The value of a key of a JSON object. */
export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

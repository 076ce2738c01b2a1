// A workflow as somebody follows it: its summary live, its steps in pages, its end.

import type { StepState, WorkflowStatus } from '@agora/module/contract';
import type { AgoraEvent } from './agora-event.ts';
import { AgoraError, TimeoutError } from './errors.ts';

/** The summary of a workflow. */
export interface WorkflowSummary {
  readonly workflowId: string;
  readonly type: string;
  readonly status: WorkflowStatus;
  /** How many steps there are, and how many have ended. */
  readonly total: number;
  readonly ended: number;
  /** Why it failed. */
  readonly reason: string;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
}

/** A step of a workflow. */
export interface WorkflowStep {
  readonly position: number;
  readonly name: string;
  readonly agent: string;
  readonly action: string;
  readonly state: StepState;
  /** Which attempt at its last delivery it was, and how often it was given out: more than once where it has `retries`. */
  readonly attempt: number;
  readonly tries: number;
  readonly output: unknown;
  /** Why it failed, was skipped, or was called off; or why it could not be undone. */
  readonly error: string | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** How far it is undone, since the workflow ended badly after it. */
  readonly compensation: 'running' | 'done' | 'failed' | undefined;
  /** The workflow that the step is, once it has begun: `client.workflow(id)` follows it. */
  readonly nestedWorkflowId: string | undefined;
  /** Positions of the steps that it waits for. */
  readonly dependencies: readonly number[];
  /** The position of the step that this is one element of. */
  readonly parent: number | undefined;
}

/** What a step waits for that has not ended, or that is being undone. */
export interface WorkflowWait {
  readonly step: string;
  readonly state: StepState;
  /**
   * Other steps, a moment, the workflow's resumption, an approval, a place in a work queue, an agent, its answer, its elements,
   * the workflow that it is, or room within the limits of its initiator or of an inbox.
   */
  readonly waitsFor:
    'steps' | 'time' | 'resume' | 'approval' | 'queue' | 'agent' | 'answer' | 'elements' | 'workflow' | 'limit';
  /** Names of steps or agents, the capability, or the id of a workflow. */
  readonly whom: readonly string[];
  readonly until: Date | undefined;
}

/** How a workflow ended. */
export interface WorkflowResult {
  readonly workflowId: string;
  readonly status: Exclude<WorkflowStatus, 'running' | 'paused' | 'compensating'>;
  readonly reason: string;
  /** The output of every step that succeeded, by the step's name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly steps: readonly WorkflowStep[];
}

/** What a handle asks of the client. */
export interface WorkflowSource {
  steps(id: string): Promise<WorkflowStep[]>;
  events(id: string, since: Date, signal: AbortSignal | undefined): AsyncIterable<AgoraEvent>;
  waits(id: string): Promise<WorkflowWait[]>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  cancel(id: string, reason: string): Promise<void>;
  retryStep(id: string, step: string): Promise<void>;
  fork(id: string, step: string): Promise<WorkflowHandle>;
  followAgain(handle: WorkflowHandle): Promise<WorkflowSummary>;
  closed(handle: WorkflowHandle): Promise<void>;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Day-long unless said otherwise: nothing waits for ever. */
const RESULT_WITHIN_MS = 24 * 3_600_000;

/** A workflow that is followed. */
export class WorkflowHandle implements AsyncDisposable {
  readonly workflowId: string;
  readonly #source: WorkflowSource;
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<(summary: WorkflowSummary) => void>();
  #summary: WorkflowSummary;
  #closing: Promise<void> | undefined;

  constructor(summary: WorkflowSummary, source: WorkflowSource) {
    this.workflowId = summary.workflowId;
    this.#summary = summary;
    this.#source = source;
  }

  /** The id, as the wire spells it. */
  get workflow_id(): string {
    return this.workflowId;
  }

  /** How far it is. */
  status(): WorkflowSummary {
    return this.#summary;
  }

  /** Tells of each change of its summary; returns what ends that. */
  onChange(listener: (summary: WorkflowSummary) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Its steps, in the order of the definition. */
  steps(): Promise<WorkflowStep[]> {
    return this.#source.steps(this.workflowId);
  }

  /** Waits for its end, however it ends. Throws `workflow/timed-out` when it takes longer than `timeoutMs` (a day). */
  async result(options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}): Promise<WorkflowResult> {
    await this.#ended(options.timeoutMs ?? RESULT_WITHIN_MS, options.signal);
    const { workflowId, status, reason } = this.#summary;
    const steps = await this.steps();
    const outputs = Object.fromEntries(
      steps.filter(each => each.state === 'succeeded').map(each => [each.name, each.output]),
    );
    return { workflowId, status: status as WorkflowResult['status'], reason, outputs, steps }; // it has ended
  }

  /**
   * The events about it, from its start to its end, as fast as they are taken: at most about a thousand wait here, the rest at
   * the hub. Leaving the loop, or aborting `signal`, lets go of them; aborted, the loop throws its reason.
   */
  events(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<AgoraEvent> {
    return this.#source.events(this.workflowId, this.#summary.startedAt, options.signal);
  }

  [Symbol.asyncIterator](): AsyncIterator<AgoraEvent> {
    return this.events()[Symbol.asyncIterator]();
  }

  /** What each step that has not ended waits for, and whom. */
  whyWaiting(): Promise<WorkflowWait[]> {
    return this.#source.waits(this.workflowId);
  }

  /** Gives out no more steps until `resume`; what runs goes on. For whoever started it, and operators. */
  pause(): Promise<void> {
    return this.#source.pause(this.workflowId);
  }

  /** Goes on where it was paused. */
  resume(): Promise<void> {
    return this.#source.resume(this.workflowId);
  }

  /** Calls it off; the signals of handlers at work on it are aborted. */
  cancel(reason = 'cancelled'): Promise<void> {
    return this.#source.cancel(this.workflowId, reason);
  }

  /** Does a step again that ended without success, with all that depends on it; a workflow that had failed goes on. */
  async retryStep(name: string): Promise<void> {
    await this.#source.retryStep(this.workflowId, name);
    this.update(await this.#source.followAgain(this));
  }

  /** Runs it once more from a step on, when it has ended: what succeeded and did not depend on that step is taken over. */
  fork(step: string): Promise<WorkflowHandle> {
    return this.#source.fork(this.workflowId, step);
  }

  /** Follows it no more; the workflow goes on. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#source.closed(this);
    this.fail(new AgoraError('client/closed', 'the workflow is followed no more'));
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Its summary has changed. */
  update(summary: WorkflowSummary): void {
    this.#summary = summary;
    for (const listener of [...this.#listeners]) listener(summary);
    if (summary.endedAt === undefined) return;
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  /** Nobody will hear of its end. */
  fail(error: Error): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }

  #ended(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#summary.endedAt !== undefined) return Promise.resolve();
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        resolve: () => {
          end();
          resolve();
        },
        reject: error => {
          end();
          reject(error);
        },
      };
      const aborted = () => waiter.reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      const timer = setTimeout(() => {
        waiter.reject(
          new TimeoutError('workflow/timed-out', `workflow ${this.workflowId} did not end within ${timeoutMs} ms`),
        );
      }, timeoutMs);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiters.add(waiter);
    });
  }
}

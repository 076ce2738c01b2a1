// Handle of a watched workflow: its live summary, its steps, its events, and its control.

import type { StepState, UndoState, WaitReason, WorkflowStatus } from '@agora/module/contract';
import type { AgoraEvent } from '../events/agora-event.ts';
import { callSafely } from '../base/call-safely.ts';
import { AgoraError, callbackFailed, TimeoutError } from '../base/errors.ts';
import { startTimer } from '../base/timer.ts';
import { reported } from '../base/reported-promise.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { reasonOf, WAIT_OPTIONS, type WaitOptions } from '../base/waiting.ts';

/** Summary of a workflow. */
export interface WorkflowSummary {
  readonly workflowId: string;
  readonly type: string;
  readonly status: WorkflowStatus;
  /** Number of steps, and of those that have ended. */
  readonly total: number;
  readonly ended: number;
  /** Reason of a failure or cancellation; else ''. */
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
  /** Attempt of its last delivery, and number of its deliveries: more than one for a step with `retries`. */
  readonly attempt: number;
  readonly tries: number;
  readonly output: unknown;
  /** Why it failed, was skipped or cancelled, or could not be undone. */
  readonly error: string | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  /** State of its compensation, if the workflow failed after it. */
  readonly compensation: UndoState | undefined;
  /** Id of the nested workflow, once the step has begun; `client.workflow(id)` watches it. */
  readonly nestedWorkflowId: string | undefined;
  /** Positions of its dependencies. */
  readonly dependencies: readonly number[];
  /** Position of the `for_each` step that this step is an element of. */
  readonly parent: number | undefined;
}

/** Why an unfinished step, or a compensation, waits. */
export interface WorkflowWait {
  readonly step: string;
  readonly state: StepState;
  /**
   * Other steps, a point in time, the resumption of the workflow, an approval, a place in a work queue, an agent, its answer,
   * its elements, its nested workflow, or room within the limits of its initiator or of an inbox.
   */
  readonly waitsFor: WaitReason;
  /** Names of steps or agents, a capability, or the id of a workflow. */
  readonly whom: readonly string[];
  readonly until: Date | undefined;
}

/** Result of an ended workflow. */
export interface WorkflowResult {
  readonly workflowId: string;
  readonly status: Exclude<WorkflowStatus, 'running' | 'paused' | 'compensating'>;
  readonly reason: string;
  /** Outputs of the succeeded steps, by step name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly steps: readonly WorkflowStep[];
}

/** The calls of the client that a handle needs. */
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
  /** Receives what listeners throw. */
  warn(error: AgoraError): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Default timeout of `result`: one day. */
const RESULT_WITHIN_MS = 24 * 3_600_000;

/** Options of `result`. */
export interface ResultOptions extends WaitOptions {
  /** Default: one day. */
  readonly timeoutMs?: number | undefined;
}

const RESULT_OPTIONS: Keys<ResultOptions> = { timeoutMs: true, signal: true };

/** A watched workflow. */
export class WorkflowHandle implements AsyncDisposable {
  readonly workflowId: string;
  readonly #source: WorkflowSource;
  readonly #waiters = new Set<Waiter>();
  readonly #listeners = new Set<(summary: WorkflowSummary) => void>();
  #summary: WorkflowSummary;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(summary: WorkflowSummary, source: WorkflowSource) {
    this.workflowId = summary.workflowId;
    this.#summary = summary;
    this.#source = source;
  }

  /** The same as `workflowId`. */
  get workflow_id(): string {
    return this.workflowId;
  }

  /** Returns the present summary. */
  status(): WorkflowSummary {
    return this.#summary;
  }

  /**
   * Calls `listener` at each change of the summary; returns a function that removes it.
   *
   * @example
   * ```ts
   * workflow.onChange(({ status, ended, total }) => console.log(`${status}: ${ended} of ${total}`));
   * ```
   */
  onChange(listener: (summary: WorkflowSummary) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Returns all steps, in the order of the definition. */
  steps(): Promise<WorkflowStep[]> {
    return this.#source.steps(this.workflowId);
  }

  /**
   * Waits for the end of the workflow: `succeeded`, `failed` or `cancelled`. Throws `workflow/timed-out` after `timeoutMs`
   * (one day).
   *
   * @example
   * ```ts
   * const { status, reason, outputs } = await workflow.result({ timeoutMs: 60_000 });
   * console.log(status === 'succeeded' ? outputs['write_docs'] : reason);
   * ```
   */
  async result(options: ResultOptions = {}): Promise<WorkflowResult> {
    checkKeys('the options of result()', options, RESULT_OPTIONS);
    await this.#ended(options.timeoutMs ?? RESULT_WITHIN_MS, options.signal);
    const { workflowId, status, reason } = this.#summary;
    const steps = await this.steps();
    const outputs = Object.fromEntries(
      steps.filter(each => each.state === 'succeeded').map(each => [each.name, each.output]),
    );
    return { workflowId, status: status as WorkflowResult['status'], reason, outputs, steps }; // it has ended
  }

  /**
   * Yields the events of the workflow from its start to its end. The buffer holds about 1,000 events; further ones are read
   * from the hub's log. Leaving the loop or aborting `signal` ends the subscription; after an abort the loop throws its
   * reason. The handle itself is the same loop.
   *
   * @example
   * ```ts
   * for await (const event of workflow) console.log(event.type, event.data['step']);
   * ```
   */
  events(options: WaitOptions = {}): AsyncIterable<AgoraEvent> {
    checkKeys('the options of events()', options, WAIT_OPTIONS);
    return this.#source.events(this.workflowId, this.#summary.startedAt, options.signal);
  }

  [Symbol.asyncIterator](): AsyncIterator<AgoraEvent> {
    return this.events()[Symbol.asyncIterator]();
  }

  /**
   * Returns why each unfinished step waits.
   *
   * @example
   * ```ts
   * for (const { step, waitsFor, whom } of await workflow.whyWaiting()) console.log(step, waitsFor, whom.join(' '));
   * ```
   */
  whyWaiting(): Promise<WorkflowWait[]> {
    return this.#source.waits(this.workflowId);
  }

  /** Assigns no steps until `resume`; running steps continue. For its initiator and operators: `workflow/not-yours`. */
  pause(): Promise<void> {
    return this.#reported('pause', this.#source.pause(this.workflowId));
  }

  /** Continues a paused workflow. For its initiator and operators. Throws `workflow/bad-move`. */
  resume(): Promise<void> {
    return this.#reported('resume', this.#source.resume(this.workflowId));
  }

  /**
   * Cancels the workflow: the signals of its running handlers abort. For its initiator and operators.
   *
   * @example
   * ```ts
   * await workflow.cancel('requirements have changed');
   * ```
   */
  cancel(reason = 'cancelled'): Promise<void> {
    return this.#reported('cancel', this.#source.cancel(this.workflowId, reason));
  }

  /**
   * Repeats a step that did not succeed, and all steps that depend on it; a failed workflow continues. Throws
   * `workflow/bad-move`, `workflow/unknown-step`.
   *
   * @example
   * ```ts
   * await workflow.retryStep('write_docs');
   * ```
   */
  retryStep(name: string): Promise<void> {
    return this.#reported('retryStep', this.#retryStep(name));
  }

  async #retryStep(name: string): Promise<void> {
    await this.#source.retryStep(this.workflowId, name);
    this.update(await this.#source.followAgain(this));
  }

  /**
   * Starts a copy of an ended workflow from a step on: outputs of steps that do not depend on it are reused. Returns the
   * handle of the copy.
   */
  fork(step: string): Promise<WorkflowHandle> {
    return this.#reported('fork', this.#source.fork(this.workflowId, step));
  }

  /** Ends the watching; the workflow continues. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#source.closed(this);
    this.fail(new AgoraError('client/closed', 'the handle of the workflow was closed'));
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Sets a new summary. */
  update(summary: WorkflowSummary): void {
    this.#summary = summary;
    const failed = (error: unknown) => this.#source.warn(callbackFailed('a listener of a workflow', error));
    for (const listener of [...this.#listeners]) callSafely(() => listener(summary), failed);
    if (summary.endedAt === undefined) return;
    for (const waiter of [...this.#waiters]) waiter.resolve();
  }

  /** @internal Rejects all waiting calls. */
  fail(error: Error): void {
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }

  #reported<T>(what: string, call: Promise<T>): Promise<T> {
    return reported(`${what}() of workflow ${this.workflowId}`, call, error => this.#source.warn(error));
  }

  #ended(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#summary.endedAt !== undefined) return Promise.resolve();
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const end = () => {
        stop();
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
      const aborted = () => waiter.reject(reasonOf(signal));
      const stop = startTimer(timeoutMs, () => {
        waiter.reject(
          new TimeoutError('workflow/timed-out', `workflow ${this.workflowId} did not end within ${timeoutMs} ms`),
        );
      });
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiters.add(waiter);
    });
  }
}

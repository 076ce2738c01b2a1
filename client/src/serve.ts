// The main loop of an agent: handlers by type with limited concurrency, and a graceful shutdown.
//
// I1  After the stop no handler starts. Deliveries of a work queue go back immediately for other agents; messages to this
//     agent by name wait at the hub.
// I2  Running handlers finish, and their results reach the hub, before the client closes. A handler that takes longer than
//     `drainMs` is aborted, and its delivery goes back for another attempt.

import { onSignals } from '#platform';
import { deferred } from './base/deferred.ts';
import { giveBackToQueue, type Consumer } from './receive/dispatcher.ts';
import { AgoraError } from './base/errors.ts';
import type { EventHandler } from './events/event-subscription.ts';
import { warningOf } from './receive/failed-handler.ts';
import type { IncomingMessage } from './receive/incoming-message.ts';
import { MessageQueue } from './receive/message-queue.ts';
import type { MessageHandler } from './receive/message-subscription.ts';
import type { EventsMatching, NoTypes } from './wire/message-types.ts';
import { taskOf, type TaskHandler } from './receive/tasks.ts';
import { settleWithin, type WaitOptions } from './base/waiting.ts';
import { startTimer } from './base/timer.ts';
import type { Tracing } from './trace/tracing.ts';

/** Handlers of an agent, and the end of its service. */
export interface ServeOptions<
  Type extends string = string,
  Action extends string = string,
  Filter extends string = string,
  Types = NoTypes,
> extends WaitOptions {
  /** Handlers by message type. */
  readonly messages?: { readonly [Each in Type]?: MessageHandler<Each, Types> } | undefined;
  /** Handlers of workflow steps by action; `*` for all others. */
  readonly tasks?: { readonly [Each in Action]?: TaskHandler<Each, Types> } | undefined;
  /** Handles all other messages, but no steps of workflows. Without it they stay unclaimed and go back to the queue in the end. */
  readonly otherwise?: MessageHandler | undefined;
  /** Handlers of events by type, or by a first segment with a wildcard (`build.*`). */
  readonly events?: { readonly [Each in Filter]?: EventHandler<EventsMatching<Each, Types>, Types> } | undefined;
  /** The most messages and tasks that are handled at a time, by priority. Default 8. */
  readonly concurrency?: number | undefined;
  /** Signals of the system that stop it (Node.js). Default `SIGTERM`, `SIGINT`. A second one ends the draining. */
  readonly signals?: readonly string[] | undefined;
  /** How long running handlers may take after the stop, in milliseconds. Default 30,000. */
  readonly drainMs?: number | undefined;
  /** Stops it after this many milliseconds without messages and handlers. Default: never. */
  readonly idleMs?: number | undefined;
}

/** Result of `serve`. */
export interface Served {
  /** Name of the signal of the system, or another reason of the end. */
  readonly reason: 'aborted' | 'idle' | 'closed' | (string & {});
  /** Number of messages and tasks whose handler returned. */
  readonly handled: number;
  /** Number of messages and tasks whose handler threw. */
  readonly failed: number;
  /** Number of messages and tasks that did not finish within `drainMs`. */
  readonly interrupted: number;
}

/** The parts of the client that serving needs. */
export interface ServeParts {
  readonly tracing: Tracing;
  /** Receives what handlers throw. */
  warn(error: AgoraError): void;
  /** Passes messages to a consumer from now on. */
  begin(consumer: Consumer): Promise<void>;
  follow(type: string, handler: EventHandler): Promise<AsyncDisposable>;
  setStatus(status: 'active' | 'draining'): Promise<void>;
  /** Throws `agent/has-mail` if there is unseen mail. */
  goIdle(): Promise<void>;
  close(): Promise<void>;
}

const CONCURRENCY = 8;
const DRAIN_MS = 30_000;
const SIGNALS = ['SIGTERM', 'SIGINT'];
/** How long the status `draining` may take; without a connection it is of no use. */
const STATUS_WITHIN_MS = 2_000;

/** Serves until it is stopped, then closes the client. Rejects when the connection ends with an error. */
export async function serve(parts: ServeParts, options: ServeOptions): Promise<Served> {
  options.signal?.throwIfAborted();
  const service = new Service(parts, options);
  const ignored = onSignals(options.signals ?? SIGNALS, signal => service.stop(signal));
  const aborted = () => service.stop('aborted');
  options.signal?.addEventListener('abort', aborted, { once: true });
  try {
    return await service.run();
  } catch (error) {
    await parts.close();
    throw error;
  } finally {
    ignored();
    options.signal?.removeEventListener('abort', aborted);
  }
}

class Service implements Consumer {
  readonly concurrency: number;
  readonly #parts: ServeParts;
  readonly #options: ServeOptions;
  readonly #messages: ReadonlyMap<string, MessageHandler | undefined>;
  readonly #tasks: ReadonlyMap<string, TaskHandler | undefined>;
  readonly #queue = new MessageQueue();
  readonly #running = new Set<IncomingMessage>();
  readonly #events = new Set<Promise<unknown>>();
  readonly #stopped = deferred<string>();
  readonly #hurried = deferred<void>();
  #isStopping = false;
  readonly #idle: (() => void)[] = [];
  #stopIdleTimer: (() => void) | undefined;
  #handled = 0;
  #failed = 0;

  constructor(parts: ServeParts, options: ServeOptions) {
    const { concurrency = CONCURRENCY } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new AgoraError('client/bad-option', `concurrency is a whole number of at least 1, not ${concurrency}`);
    }
    // `run` awaits it later; an earlier rejection must not count as unhandled.
    this.#stopped.promise.catch(() => undefined);
    this.#parts = parts;
    this.#options = options;
    this.concurrency = concurrency;
    this.#messages = new Map(Object.entries(options.messages ?? {}));
    this.#tasks = new Map(Object.entries(options.tasks ?? {}));
  }

  async run(): Promise<Served> {
    const subscriptions: AsyncDisposable[] = [];
    // The agent may be draining from an earlier run.
    await this.#parts.setStatus('active');
    for (const [type, handler] of Object.entries(this.#options.events ?? {})) {
      if (handler) subscriptions.push(await this.#parts.follow(type, event => this.#follow(() => handler(event))));
    }
    if (!this.#isStopping) await this.#parts.begin(this);
    this.#startIdleTimer();
    const reason = await this.#stopped.promise.finally(() => this.#stopIdleTimer?.());
    const interrupted = reason === 'closed' ? 0 : await this.#drain(subscriptions);
    await this.#parts.close();
    return { reason, handled: this.#handled, failed: this.#failed, interrupted };
  }

  /** Starts no further handlers. A second call ends the draining. */
  stop(reason: string): void {
    if (this.#isStopping) this.#hurried.resolve();
    this.#isStopping = true;
    this.#stopped.resolve(reason);
  }

  wants(message: IncomingMessage): boolean {
    return this.#handlerOf(message) !== undefined;
  }

  take(message: IncomingMessage): void {
    this.#stopIdleTimer?.();
    if (this.#isStopping) giveBackToQueue(message);
    else if (this.#running.size < this.concurrency) this.#run(message);
    else this.#queue.push(message);
  }

  rest(): readonly IncomingMessage[] {
    this.#isStopping = true;
    return this.#queue.drain();
  }

  get running(): ReadonlySet<IncomingMessage> {
    return this.#running;
  }

  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  end(error: Error | undefined): void {
    this.#isStopping = true;
    if (error) this.#stopped.reject(error);
    else this.#stopped.resolve('closed');
  }

  #handlerOf(message: IncomingMessage): (() => unknown) | undefined {
    const task = taskOf(message);
    const { otherwise } = this.#options;
    const onTask = task && (this.#tasks.get(task.action) ?? this.#tasks.get('*'));
    if (task && onTask) return () => onTask(task, message);
    // A step goes only to a handler that asks for steps.
    const handler = this.#messages.get(message.type) ?? (message.kind === 'task' ? undefined : otherwise);
    return handler && (() => handler(message, message));
  }

  #run(message: IncomingMessage): void {
    this.#running.add(message);
    void this.#handle(message);
  }

  async #handle(message: IncomingMessage): Promise<void> {
    try {
      const handler = this.#handlerOf(message);
      const value = handler && (await this.#parts.tracing.handle(message, handler));
      this.#handled++;
      message.finishWith(value);
    } catch (error) {
      this.#failed++;
      const warning = warningOf(message, error);
      if (warning) this.#parts.warn(warning);
      message.failWith(error);
    }
    this.#running.delete(message);
    this.#next();
  }

  #next(): void {
    while (!this.#isStopping && this.#running.size < this.concurrency) {
      const message = this.#queue.shift();
      if (!message) break;
      this.#run(message);
    }
    if (this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#startIdleTimer();
  }

  async #follow(handle: () => unknown): Promise<void> {
    const handling = Promise.resolve().then(handle);
    this.#events.add(handling);
    await handling.finally(() => this.#events.delete(handling));
  }

  /** Starts the idle timer, if no handler runs. */
  #startIdleTimer(): void {
    const { idleMs } = this.#options;
    if (idleMs === undefined || this.#isStopping) return;
    this.#stopIdleTimer?.();
    this.#stopIdleTimer = startTimer(idleMs, () => void this.#stopIfIdle());
  }

  async #stopIfIdle(): Promise<void> {
    try {
      await this.#parts.goIdle();
      if (this.#running.size === 0 && this.#events.size === 0) return this.stop('idle');
    } catch {
      // There is mail, or no connection.
    }
    if (this.#running.size === 0) this.#startIdleTimer();
  }

  /** Waits for running handlers. Returns the number of those that did not finish. */
  async #drain(subscriptions: readonly AsyncDisposable[]): Promise<number> {
    const draining = this.#parts.setStatus('draining');
    for (const message of this.#queue.drain()) giveBackToQueue(message);
    await settleWithin(STATUS_WITHIN_MS, draining);
    await Promise.all(subscriptions.map(each => each[Symbol.asyncDispose]()));
    const finished = Promise.all([this.idle(), ...this.#events]);
    await settleWithin(this.#options.drainMs ?? DRAIN_MS, Promise.race([finished, this.#hurried.promise]));
    const late = [...this.#running];
    this.#running.clear();
    const reason = new AgoraError(
      'client/closed',
      'the agent is stopping; its unfinished messages go back to the queue',
    );
    for (const message of late) {
      message.failWith(reason);
      message.interrupt(reason);
    }
    return late.length;
  }
}

// The loop of an agent: handlers by what comes, a few at a time, until it is told to stop; then it leaves in good order.
//
// I1  Once it is told to stop, nothing more is begun. What came from a work queue goes back for another agent at once;
//     what was sent to this agent by name waits for it at the hub.
// I2  What was begun is let come to its end, and its end reaches the hub, before the client is closed. What takes longer
//     than `drainMs` is told by its signal and goes back, to be tried again.

import { SIGN } from '@agora/module/contract';
import { onSignals } from '#platform';
import type { Consumer } from './receive/dispatcher.ts';
import { AgoraError } from './base/errors.ts';
import type { EventHandler } from './events/event-subscription.ts';
import type { IncomingMessage } from './receive/incoming-message.ts';
import { MessageQueue } from './receive/message-queue.ts';
import type { MessageHandler } from './receive/message-subscription.ts';
import type { EventsMatching, NoTypes } from './wire/message-types.ts';
import { taskOf, type TaskHandler } from './receive/tasks.ts';
import { settleWithin, type WaitOptions } from './base/waiting.ts';
import type { Tracing } from './trace/tracing.ts';

/** Who handles what, and until when. */
export interface ServeOptions<
  Type extends string = string,
  Action extends string = string,
  Filter extends string = string,
  Types = NoTypes,
> extends WaitOptions {
  /** Handlers by the type of the message. */
  readonly messages?: { readonly [Each in Type]?: MessageHandler<Each, Types> } | undefined;
  /** Handlers of workflow steps by their action; `*` for every other. */
  readonly tasks?: { readonly [Each in Action]?: TaskHandler<Each, Types> } | undefined;
  /** Handles what nobody else does. Without it that waits, and goes back in the end. */
  readonly otherwise?: MessageHandler | undefined;
  /** Handlers of events by their type, or a first segment with a wildcard (`build.*`). */
  readonly events?: { readonly [Each in Filter]?: EventHandler<EventsMatching<Each, Types>, Types> } | undefined;
  /** How many messages and steps are handled at once, the most important first; by default 8. */
  readonly concurrency?: number | undefined;
  /** Signals of the system that end it (Node.js): by default `SIGTERM` and `SIGINT`. A second one waits for nobody. */
  readonly signals?: readonly string[] | undefined;
  /** How long what runs is waited for at the end; by default 30 s. */
  readonly drainMs?: number | undefined;
  /** Ends it by itself once nothing has come and nothing has run for so long; by default never. */
  readonly idleMs?: number | undefined;
}

/** What was done. */
export interface Served {
  /** The name of the signal of the system, or how else it ended. */
  readonly reason: 'aborted' | 'idle' | 'closed' | (string & {});
  /** Messages and steps whose handler returned. */
  readonly handled: number;
  /** Messages and steps whose handler threw. */
  readonly failed: number;
  /** What was begun and not done within `drainMs`. */
  readonly interrupted: number;
}

/** What serving needs of its client. */
export interface ServeParts {
  readonly tracing: Tracing;
  /** Has messages given to a consumer from now on. */
  begin(consumer: Consumer): Promise<void>;
  follow(type: string, handler: EventHandler): Promise<AsyncDisposable>;
  setStatus(status: 'active' | 'draining'): Promise<void>;
  /** Throws `agent/has-mail` when something is unseen. */
  goIdle(): Promise<void>;
  close(): Promise<void>;
}

const CONCURRENCY = 8;
const DRAIN_MS = 30_000;
const SIGNALS = ['SIGTERM', 'SIGINT'];
/** The hub may be away: then nobody need know that the agent leaves. */
const STATUS_WITHIN_MS = 2_000;

/** Serves until it is told to stop. Rejects when the connection is lost for good. In any case the client is closed then. */
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
  readonly #parts: ServeParts;
  readonly #options: ServeOptions;
  readonly #concurrency: number;
  readonly #messages: ReadonlyMap<string, MessageHandler | undefined>;
  readonly #tasks: ReadonlyMap<string, TaskHandler | undefined>;
  readonly #queue = new MessageQueue();
  readonly #running = new Set<IncomingMessage>();
  readonly #events = new Set<Promise<unknown>>();
  readonly #stopped = Promise.withResolvers<string>();
  readonly #hurried = Promise.withResolvers<void>();
  #isStopping = false;
  #quiet: (() => void) | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #handled = 0;
  #failed = 0;

  constructor(parts: ServeParts, options: ServeOptions) {
    const { concurrency = CONCURRENCY } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new AgoraError('client/bad-option', `concurrency is a whole number from 1 on, not ${concurrency}`);
    }
    // Whoever waits for it hears of it; while nobody does yet, it is no fault of the program.
    this.#stopped.promise.catch(() => undefined);
    this.#parts = parts;
    this.#options = options;
    this.#concurrency = concurrency;
    this.#messages = new Map(Object.entries(options.messages ?? {}));
    this.#tasks = new Map(Object.entries(options.tasks ?? {}));
  }

  async run(): Promise<Served> {
    const subscriptions: AsyncDisposable[] = [];
    // One that has drained before is there again.
    await this.#parts.setStatus('active');
    for (const [type, handler] of Object.entries(this.#options.events ?? {})) {
      if (handler) subscriptions.push(await this.#parts.follow(type, event => this.#follow(() => handler(event))));
    }
    if (!this.#isStopping) await this.#parts.begin(this);
    this.#restAwhile();
    const reason = await this.#stopped.promise.finally(() => clearTimeout(this.#idle));
    const interrupted = reason === 'closed' ? 0 : await this.#drain(subscriptions);
    await this.#parts.close();
    return { reason, handled: this.#handled, failed: this.#failed, interrupted };
  }

  /** Begins nothing more. A second time: waits for nothing more. */
  stop(reason: string): void {
    if (this.#isStopping) this.#hurried.resolve();
    this.#isStopping = true;
    this.#stopped.resolve(reason);
  }

  wants(message: IncomingMessage): boolean {
    return this.#handlerOf(message) !== undefined;
  }

  take(message: IncomingMessage): void {
    clearTimeout(this.#idle);
    if (this.#isStopping) this.#giveBack(message);
    else if (this.#running.size < this.#concurrency) this.#run(message);
    else this.#queue.push(message);
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
    const handler = (task ? undefined : this.#messages.get(message.type)) ?? otherwise;
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
      message.failWith(error);
    }
    this.#running.delete(message);
    this.#next();
  }

  #next(): void {
    while (!this.#isStopping && this.#running.size < this.#concurrency) {
      const message = this.#queue.shift();
      if (!message) break;
      this.#run(message);
    }
    if (this.#running.size > 0) return;
    this.#quiet?.();
    this.#restAwhile();
  }

  async #follow(handle: () => unknown): Promise<void> {
    const handling = Promise.resolve().then(handle);
    this.#events.add(handling);
    await handling.finally(() => this.#events.delete(handling));
  }

  /** Nothing runs: if that stays so, and the hub has nothing either, it is the end. */
  #restAwhile(): void {
    const { idleMs } = this.#options;
    if (idleMs === undefined || this.#isStopping) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#rest(), idleMs);
  }

  async #rest(): Promise<void> {
    try {
      await this.#parts.goIdle();
      if (this.#running.size === 0 && this.#events.size === 0) return this.stop('idle');
    } catch {
      // There is mail after all, or no connection.
    }
    if (this.#running.size === 0) this.#restAwhile();
  }

  /** Lets what runs come to its end. Gives how much did not. */
  async #drain(subscriptions: readonly AsyncDisposable[]): Promise<number> {
    const draining = this.#parts.setStatus('draining');
    for (const message of this.#queue.drain()) this.#giveBack(message);
    await settleWithin(STATUS_WITHIN_MS, draining);
    await Promise.all(subscriptions.map(each => each[Symbol.asyncDispose]()));
    const done = new Promise<void>(resolve => {
      this.#quiet = resolve;
      if (this.#running.size === 0) resolve();
    });
    const finished = Promise.all([done, ...this.#events]);
    await settleWithin(this.#options.drainMs ?? DRAIN_MS, Promise.race([finished, this.#hurried.promise]));
    const late = [...this.#running];
    const reason = new AgoraError('client/closed', 'the agent leaves, and what it had begun goes back');
    for (const message of late) {
      message.failWith(reason);
      message.interrupt(reason);
    }
    return late.length;
  }

  /** To whoever else can do it; what is for this agent alone, or for everyone, is left where it is. */
  #giveBack(message: IncomingMessage): void {
    const isFromQueue = message.to.length === 1 && message.to[0]?.startsWith(SIGN.capability) === true;
    if (isFromQueue) message.failWith(new Error('the agent leaves'));
  }
}

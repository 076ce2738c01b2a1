// A subscription to messages: a handler with limited concurrency, or an iterator whose caller settles the messages.

import { AgoraError, callbackFailed } from '../base/errors.ts';
import type { AnswerInputOf, NoTypes } from '../wire/message-types.ts';
import { callSafely } from '../base/call-safely.ts';
import { isPromiseLike, settleWithin } from '../base/waiting.ts';
import type { Tracing } from '../trace/tracing.ts';
import type { Consumer } from './dispatcher.ts';
import { MessageQueue } from './message-queue.ts';
import type { IncomingMessage, MessageContext, MessageOf, Returned } from './incoming-message.ts';
import { warningOf } from './failed-handler.ts';

/**
 * Handles a message. Returning finishes the message: the value is the answer to an ask and the output of a step. Throwing
 * fails it, and the hub offers it again after a pause; a `PermanentError` fails it permanently.
 */
export type MessageHandler<Type extends string = string, Types = NoTypes> = (
  message: MessageOf<Type, Types>,
  context: MessageContext<AnswerInputOf<Type, Types>>,
) => Returned<AnswerInputOf<Type, Types>>;

/** Filter, handler and end of a subscription. */
export interface ConsumerOptions {
  readonly wants: (message: IncomingMessage) => boolean;
  readonly handler: MessageHandler | undefined;
  /** The most handlers that run at a time. */
  readonly concurrency: number;
  readonly tracing?: Tracing | undefined;
  /** Receives what handlers and listeners throw. */
  readonly warn: (error: AgoraError) => void;
  /** Closes the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, with the messages that were not handled yet. */
  readonly closed: (consumer: Consumer, waiting: readonly IncomingMessage[]) => void;
}

/** A pending `next()` of a loop. */
interface Pull<Message> {
  readonly resolve: (result: IteratorResult<Message>) => void;
  readonly reject: (error: Error) => void;
}

/** How long `close` waits for running handlers. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * A subscription to messages. Without a handler it is an iterator: the caller settles each message (`message.ack()`), and
 * leaving the loop closes the subscription.
 */
export class MessageSubscription<Type extends string = string, Types = NoTypes>
  implements AsyncIterable<MessageOf<Type, Types>>, AsyncDisposable
{
  readonly #options: ConsumerOptions;
  readonly #queue = new MessageQueue();
  readonly #running = new Set<IncomingMessage>();
  readonly #pulls: Pull<MessageOf<Type, Types>>[] = [];
  readonly #aborted = () => void this.close();
  readonly #listeners = new Set<() => void>();
  #isClosed = false;
  #isResting = false;
  #error: Error | undefined;
  readonly #idle: (() => void)[] = [];

  /** @internal */
  constructor(options: ConsumerOptions) {
    if (!Number.isInteger(options.concurrency) || options.concurrency < 1) {
      throw new AgoraError(
        'client/bad-option',
        `concurrency is a whole number of at least 1, not ${options.concurrency}`,
      );
    }
    options.signal?.throwIfAborted();
    this.#options = options;
    options.signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** @internal A loop takes as many messages as its caller reads. */
  get concurrency(): number | undefined {
    return this.#options.handler && this.#options.concurrency;
  }

  /** @internal */
  wants(message: IncomingMessage): boolean {
    return this.#options.wants(message);
  }

  /** @internal */
  take(message: IncomingMessage): void {
    const pull = this.#pulls.shift();
    if (pull) pull.resolve({ done: false, value: this.#passed(message) });
    else if (this.#options.handler && this.#running.size < this.#options.concurrency) this.#run(message);
    else this.#queue.push(message);
    this.forgotten();
  }

  /** @internal A message was settled or taken back. */
  forgotten(): void {
    for (const listener of [...this.#listeners])
      callSafely(listener, error => this.#options.warn(callbackFailed('onChange', error)));
  }

  /** Returns the messages that no handler or loop has taken yet, by priority. The caller may settle them. */
  waiting(): MessageOf<Type, Types>[] {
    return this.#queue.peek().map(message => this.#typed(message));
  }

  /** @internal Calls `listener` whenever `waiting` may have changed; returns a function that removes it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @internal Starts no further handlers. Returns the messages that wait for one. */
  rest(): readonly IncomingMessage[] {
    this.#isResting = true;
    return this.#queue.drain();
  }

  /** @internal Messages whose handlers run. */
  get running(): ReadonlySet<IncomingMessage> {
    return this.#running;
  }

  /** @internal Resolves once no handler runs. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  /** @internal Ends the loop over it, or throws `error` there. */
  end(error: Error | undefined): void {
    this.#isClosed = true;
    this.#error = error;
    for (const { resolve, reject } of this.#pulls.splice(0)) {
      if (error) reject(error);
      else resolve({ done: true, value: undefined });
    }
  }

  /** Ends the subscription: waiting messages go to other subscriptions, signals of running handlers abort. Idempotent. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#options.signal?.removeEventListener('abort', this.#aborted);
      this.#options.closed(this, this.#queue.drain());
      for (const { resolve } of this.#pulls.splice(0)) resolve({ done: true, value: undefined });
      const reason = new AgoraError('client/closed', 'the subscription was closed');
      for (const message of this.#running) message.interrupt(reason);
    }
    if (this.#running.size > 0) await settleWithin(CLOSE_WITHIN_MS, this.idle());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<MessageOf<Type, Types>> {
    if (this.#options.handler)
      throw new AgoraError('client/bad-option', 'this subscription has a handler, so a loop cannot read it');
    return {
      next: () => {
        const message = this.#queue.shift();
        if (message) return Promise.resolve({ done: false, value: this.#passed(message) });
        if (this.#error) return Promise.reject(this.#error);
        if (this.#isClosed) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve, reject) => this.#pulls.push({ resolve, reject }));
      },
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  #run(message: IncomingMessage): void {
    const { handler } = this.#options;
    if (!handler) return;
    this.#running.add(message);
    const failed = (error: unknown) => {
      const warning = warningOf(message, error);
      if (warning) this.#options.warn(warning);
      this.#ended(message, () => message.failWith(error));
    };
    try {
      const { tracing } = this.#options;
      const returned = tracing ? tracing.handle(message, () => handler(message, message)) : handler(message, message);
      if (!isPromiseLike(returned)) return this.#ended(message, () => message.finishWith(returned));
      // `Promise.resolve` settles once, also for a thenable that calls back twice.
      Promise.resolve(returned).then(value => this.#ended(message, () => message.finishWith(value)), failed);
    } catch (error) {
      failed(error);
    }
  }

  #ended(message: IncomingMessage, settle: () => void): void {
    this.#running.delete(message);
    settle();
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    if (this.#isClosed || this.#isResting) return;
    while (this.#running.size < this.#options.concurrency) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#run(next);
    }
  }

  /** Passes a message to a loop. */
  #passed(message: IncomingMessage): MessageOf<Type, Types> {
    this.#options.tracing?.spans?.receive([message]);
    return this.#typed(message);
  }

  /** `wants` accepts only the requested types. */
  #typed(message: IncomingMessage): MessageOf<Type, Types> {
    return message as unknown as MessageOf<Type, Types>;
  }
}

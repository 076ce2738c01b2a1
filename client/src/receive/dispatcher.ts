// Dispatches each message to one consumer: the first subscription that accepts it, task handlers before all others.
//
// A message that no consumer accepts is unclaimed; it is never discarded silently. An unclaimed delivery stays offered, so
// that a later subscription gets it. While the agent has no consumer at all, its lease is renewed, since this delays no
// other work. Once there are consumers, the lease runs out, and unclaimed deliveries may take at most half of the agent's
// credit: beyond that the oldest go back to the queue immediately. Each return counts as an attempt; after the last one the
// hub makes a dead letter and notifies the sender. An unclaimed broadcast is acknowledged, since it asks for no work.
//
// An agent that works in turns takes its messages itself (`keepMail`): unclaimed messages are then kept for it.

import { SIGN } from '@agora/module/contract';
import { AgoraError, PermanentError } from '../base/errors.ts';
import { isPromiseLike, settleWithin } from '../base/waiting.ts';
import type { Tracing } from '../trace/tracing.ts';
import type { IncomingMessage } from './incoming-message.ts';
import { CheckedTypes } from './checked-types.ts';

/** A receiver of messages. */
export interface Consumer {
  wants(message: IncomingMessage): boolean;
  take(message: IncomingMessage): void;
  /** The most messages that it handles at a time; undefined if that is not known. */
  readonly concurrency?: number | undefined;
  /** A message was settled or taken back. */
  forgotten?(): void;
  /** Starts no further handlers. Returns the messages that wait for one. */
  rest?(): readonly IncomingMessage[];
  /** Messages whose handlers run. */
  readonly running?: ReadonlySet<IncomingMessage>;
  /** Resolves once no handler runs. */
  idle?(): Promise<void>;
  /** No message follows: the client was closed, or its connection has ended (`error`). */
  end?(error: Error | undefined): void;
}

/** Passes each message to the consumer that accepts it, and keeps the others unclaimed. */
export class Dispatcher {
  readonly #warn: (error: AgoraError) => void;
  readonly #types: CheckedTypes;
  readonly #tracing: Tracing | undefined;
  readonly #tasks: Consumer[] = [];
  readonly #messages: Consumer[] = [];
  readonly #unclaimed = new Set<IncomingMessage>();
  /** Messages that async schemas are reading. */
  readonly #reading = new Set<Promise<void>>();
  #keepsMail = false;
  #isDraining = false;
  /** The most deliveries that the agent may hold. */
  credit: number;
  /** Called when consumers were added or removed. */
  changed: (() => void) | undefined;

  constructor(
    credit: number,
    warn: (error: AgoraError) => void,
    types: CheckedTypes = new CheckedTypes(),
    tracing?: Tracing,
  ) {
    this.credit = credit;
    this.#warn = warn;
    this.#types = types;
    this.#tracing = tracing;
  }

  get hasConsumers(): boolean {
    return this.#tasks.length + this.#messages.length > 0;
  }

  /** The most messages that are handled at a time; 0 if that is not known. */
  get concurrency(): number {
    if (this.#keepsMail) return 0;
    let sum = 0;
    for (const { concurrency } of [...this.#tasks, ...this.#messages]) {
      if (concurrency === undefined) return 0;
      sum += concurrency;
    }
    return sum;
  }

  /** True if unclaimed messages are kept for `takeMail`. */
  get keepsMail(): boolean {
    return this.#keepsMail;
  }

  /** Number of unclaimed messages, including those that a schema is reading. */
  get unclaimed(): number {
    return this.#unclaimed.size + this.#reading.size;
  }

  /** Counts a message whose payload is being read as unclaimed until `reading` settles. */
  await(reading: Promise<unknown>): void {
    const read = reading.then(() => void this.#reading.delete(read));
    this.#reading.add(read);
  }

  /** Settles once all received messages were read by their schemas. */
  async read(): Promise<void> {
    await Promise.all(this.#reading);
  }

  /** Keeps unclaimed messages for `takeMail` from now on, also broadcasts. */
  keepMail(): void {
    this.#keepsMail = true;
  }

  /** Takes at most `limit` unclaimed messages: by priority, then by arrival. */
  takeMail(limit: number): IncomingMessage[] {
    const taken = [...this.#unclaimed].sort((a, b) => b.priority - a.priority).slice(0, limit);
    for (const message of taken) this.#unclaimed.delete(message);
    return taken;
  }

  /** Returns true if no consumer has taken the message. */
  isUnclaimed(message: IncomingMessage): boolean {
    return this.#unclaimed.has(message);
  }

  /** Adds a consumer and passes it the unclaimed messages that it accepts. */
  add(consumer: Consumer, kind: 'tasks' | 'messages'): void {
    (kind === 'tasks' ? this.#tasks : this.#messages).push(consumer);
    this.changed?.();
    for (const message of [...this.#unclaimed]) {
      if (!consumer.wants(message)) continue;
      this.#unclaimed.delete(message);
      consumer.take(message);
    }
    this.#releaseUnclaimed();
  }

  /** Removes a consumer; its waiting messages go to other consumers or become unclaimed. */
  remove(consumer: Consumer, waiting: readonly IncomingMessage[]): void {
    for (const consumers of [this.#tasks, this.#messages]) {
      const at = consumers.indexOf(consumer);
      if (at >= 0) consumers.splice(at, 1);
    }
    this.changed?.();
    for (const message of waiting) this.#give(message);
  }

  /**
   * Starts no further handlers, and waits for running ones, at most `ms`. Later ones are aborted with `reason`. Their messages,
   * and waiting ones of work queues, go back to the hub.
   */
  async drain(ms: number, reason: AgoraError): Promise<void> {
    this.#isDraining = true;
    const consumers = [...this.#tasks, ...this.#messages];
    for (const message of consumers.flatMap(each => each.rest?.() ?? [])) giveBackToQueue(message);
    for (const message of this.#unclaimed) giveBackToQueue(message);
    const isBusy = consumers.some(each => (each.running?.size ?? 0) > 0);
    if (isBusy && ms > 0) await settleWithin(ms, Promise.all(consumers.map(async each => each.idle?.())));
    for (const message of consumers.flatMap(each => [...(each.running ?? [])])) {
      // Others stay at the hub; their handlers abort when the inbox closes, and can no longer settle them.
      if (giveBackToQueue(message)) message.interrupt(reason);
    }
  }

  /** Ends all consumers. */
  end(error: Error | undefined): void {
    for (const consumer of [...this.#tasks, ...this.#messages]) consumer.end?.(error);
  }

  /** Reads a received message by the schema of its type and passes it to a consumer. */
  dispatch(message: IncomingMessage): void {
    if (this.#tracing?.spans) message.observeSettling((...settled) => this.#tracing?.settling(...settled));
    const reading = this.#types.readMessage(message);
    if (!isPromiseLike(reading)) return this.#read(message, reading);
    const read = reading.then(fault => {
      this.#reading.delete(read);
      this.#read(message, fault);
    });
    this.#reading.add(read);
  }

  #read(message: IncomingMessage, fault: string | undefined): void {
    if (fault === undefined) return this.#give(message);
    const error = new AgoraError(
      'message/bad-payload',
      `message ${message.id} is not a valid ${message.type}: ${fault}`,
    );
    this.#warn(error);
    message.failWith(new PermanentError(error.message));
  }

  #give(message: IncomingMessage): void {
    // The hub may have taken the message back while an async schema was reading it.
    if (!message.isOpen || this.#isDraining) return;
    const consumer = this.#tasks.find(each => each.wants(message)) ?? this.#messages.find(each => each.wants(message));
    if (consumer) return consumer.take(message);
    if (message.broadcast && !this.#keepsMail) return message.finishWith(undefined);
    this.#unclaimed.add(message);
    this.#releaseUnclaimed();
  }

  /** A message was settled or lost. */
  forget(message: IncomingMessage): void {
    this.#unclaimed.delete(message);
    for (const consumer of this.#messages) consumer.forgotten?.();
  }

  #releaseUnclaimed(): void {
    if (!this.hasConsumers || this.#keepsMail) return;
    const maxUnclaimed = Math.floor(this.credit / 2);
    for (const message of this.#unclaimed) {
      if (this.#unclaimed.size <= maxUnclaimed) return;
      this.#unclaimed.delete(message);
      message.failWith(new Error(`no subscription of this agent accepts this ${message.type}`));
    }
  }
}

/**
 * Returns a message of a work queue to the hub, for other agents, and true then; messages to this agent by name wait at the hub.
 */
export function giveBackToQueue(message: IncomingMessage): boolean {
  const isFromQueue = message.to.length === 1 && message.to[0]?.startsWith(SIGN.capability) === true;
  if (isFromQueue) message.failWith(new Error('the agent is stopping'));
  return isFromQueue;
}

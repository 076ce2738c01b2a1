// Brings each message to the one consumer that handles it: the first, in the order of subscribing, that wants it; who
// handles a step's action comes before all.
//
// What nobody wants is never thrown away. A delivery without a consumer stays offered, so that a subscription that comes
// later finds it. While the agent has no consumer at all, its lease is renewed: nobody listens yet, nobody is kept from
// anything. Once there are consumers and none wants it, its lease is let run out, and at most half of the agent's credit
// is spent on such deliveries: beyond that the oldest go back to the queue at once. Going back counts as an attempt, so
// after the last one the hub makes a dead letter of it and tells its sender. A broadcast that nobody wants has simply been
// heard: it is no duty.
//
// An agent that works in turns takes its messages when it likes (`keepMail`): then all of that is kept until it does.

import { AgoraError, PermanentError } from '../base/errors.ts';
import { isPromiseLike } from '../base/waiting.ts';
import type { Tracing } from '../trace/tracing.ts';
import type { IncomingMessage } from './incoming-message.ts';
import { CheckedTypes } from './checked-types.ts';

/** Somebody who handles messages. */
export interface Consumer {
  wants(message: IncomingMessage): boolean;
  take(message: IncomingMessage): void;
  /** Some message was settled, or is no longer this agent's. */
  forgotten?(): void;
  /** Nothing more will come: the client was closed, or its connection will not be back (`error`). */
  end?(error: Error | undefined): void;
}

/** Gives each delivery to the consumer that handles it, and keeps the ones that nobody wants yet. */
export class Dispatcher {
  readonly #warn: (error: AgoraError) => void;
  readonly #types: CheckedTypes;
  readonly #tracing: Tracing | undefined;
  readonly #tasks: Consumer[] = [];
  readonly #messages: Consumer[] = [];
  readonly #unclaimed = new Set<IncomingMessage>();
  /** What a schema that takes its time reads right now. */
  readonly #reading = new Set<Promise<void>>();
  #keepsMail = false;
  /** How many deliveries the agent may hold. */
  credit: number;

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

  /** Whether what nobody wants is kept to be taken. */
  get keepsMail(): boolean {
    return this.#keepsMail;
  }

  /** How many messages nobody has taken yet, or may have. */
  get unclaimed(): number {
    return this.#unclaimed.size + this.#reading.size;
  }

  /** Settles once what has come by now was read by its schema. */
  async read(): Promise<void> {
    await Promise.all(this.#reading);
  }

  /** From now on what no consumer wants is kept until `takeMail`, broadcasts too. */
  keepMail(): void {
    this.#keepsMail = true;
  }

  /** Takes at most `limit` of what no consumer wants: the highest priority first, then what came first. */
  takeMail(limit: number): IncomingMessage[] {
    const taken = [...this.#unclaimed].sort((a, b) => b.priority - a.priority).slice(0, limit);
    for (const message of taken) this.#unclaimed.delete(message);
    return taken;
  }

  /** Whether a delivery waits for somebody who wants it. */
  isUnclaimed(message: IncomingMessage): boolean {
    return this.#unclaimed.has(message);
  }

  /** Adds a consumer, and gives it what waits for one. */
  add(consumer: Consumer, kind: 'tasks' | 'messages'): void {
    (kind === 'tasks' ? this.#tasks : this.#messages).push(consumer);
    for (const message of [...this.#unclaimed]) {
      if (!consumer.wants(message)) continue;
      this.#unclaimed.delete(message);
      consumer.take(message);
    }
    this.#makeRoom();
  }

  /** Removes a consumer; what it had not begun goes to another, or waits for one. */
  remove(consumer: Consumer, waiting: readonly IncomingMessage[]): void {
    for (const consumers of [this.#tasks, this.#messages]) {
      const at = consumers.indexOf(consumer);
      if (at >= 0) consumers.splice(at, 1);
    }
    for (const message of waiting) this.#give(message);
  }

  /** Nothing more will come to anybody. */
  end(error: Error | undefined): void {
    for (const consumer of [...this.#tasks, ...this.#messages]) consumer.end?.(error);
  }

  /** Reads a message that has come by the schema of its type, and gives it to whoever wants it. */
  dispatch(message: IncomingMessage): void {
    if (this.#tracing?.spans) message.observeSettling((...settled) => this.#tracing?.settling(...settled));
    const reading = this.#types.received(message);
    if (!isPromiseLike(reading)) return this.#read(message, reading);
    const read = reading.then(fault => {
      this.#reading.delete(read);
      this.#read(message, fault);
    });
    this.#reading.add(read);
  }

  #read(message: IncomingMessage, fault: string | undefined): void {
    if (fault === undefined) return this.#give(message);
    const error = new AgoraError('message/bad-payload', `message ${message.id} is no ${message.type}: ${fault}`);
    this.#warn(error);
    message.failWith(new PermanentError(error.message));
  }

  #give(message: IncomingMessage): void {
    // A schema may have taken longer than the message is this agent's.
    if (!message.isOpen) return;
    const consumer = this.#tasks.find(each => each.wants(message)) ?? this.#messages.find(each => each.wants(message));
    if (consumer) return consumer.take(message);
    if (message.broadcast && !this.#keepsMail) return message.finishWith(undefined);
    this.#unclaimed.add(message);
    this.#makeRoom();
  }

  /** A message was settled or lost. */
  forget(message: IncomingMessage): void {
    this.#unclaimed.delete(message);
    for (const consumer of this.#messages) consumer.forgotten?.();
  }

  #makeRoom(): void {
    if (!this.hasConsumers || this.#keepsMail) return;
    const most = Math.floor(this.credit / 2);
    for (const message of this.#unclaimed) {
      if (this.#unclaimed.size <= most) return;
      this.#unclaimed.delete(message);
      message.failWith(new Error(`no subscription of this agent wants messages like this ${message.type}`));
    }
  }
}

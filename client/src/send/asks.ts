// Questions that wait for their answer. Each is settled once: by the answer, by the hub's word that its time is over, by
// this side's own clock, by the loss of the connection, or by whoever asked.

import type { EndPayload } from '@agora/module/contract';
import { answerOf, type Answer, type ProgressSignal, type ReplyOptions } from '../wire/answer.ts';
import { AgoraError, ConnectionError, TimeoutError, toAgoraError } from '../base/errors.ts';
import { reasonOf } from '../base/waiting.ts';
import type { Notice, Signal } from '../receive/inbox.ts';
import { isObject } from '../base/is-object.ts';
import { PendingAsk, type PendingSource } from './pending-ask.ts';

/** How a question waits. */
export interface AskOptions {
  readonly timeoutMs: number;
  /** Ends the waiting, and calls the question off. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((signal: ProgressSignal) => void) | undefined;
  /** The number of the last signal that was given before. */
  readonly lastSignal?: number | undefined;
  /** Reads the answer by the schema of its type. Throws `delivery/bad-answer`. */
  readonly read?: ((answer: Answer) => Answer | Promise<Answer>) | undefined;
}

/** What questions ask of the hub. */
export interface AskSource {
  isConnected(): boolean;
  readSignals(id: string, after: number): Promise<readonly ProgressSignal[]>;
  cancel(id: string, reason: string): Promise<void>;
  /** Says what was asked back. `timeoutMs` of 0 leaves the deadline as it is. */
  reply(id: string, data: unknown, timeoutMs: number, refused: (error: AgoraError) => void): void;
}

interface Ask {
  readonly pending: PendingAsk;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: Error) => void;
  readonly options: AskOptions;
  readonly deadline: number;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly release: () => void;
}

/** The hub's word counts, and mostly comes first; this long it is waited for after the time is over. */
const GRACE_MS = 500;

/** Keeps the questions this client asked, until each has its answer or its error. */
export class Asks {
  readonly #open = new Map<string, Ask>();
  readonly #source: AskSource;

  constructor(source: AskSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Whether the answer to message `id` is waited for here. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Waits for the answer to message `id`. Rejects with a `TimeoutError`, a `ConnectionError`, or the reason of `signal`. */
  wait(id: string, options: AskOptions): PendingAsk {
    const { timeoutMs, signal, onProgress, lastSignal } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const source: PendingSource = {
      readSignals: after => this.#source.readSignals(id, after),
      cancel: reason => this.cancel(id, reason),
    };
    const pending = new PendingAsk({ messageId: id, answer: promise, source, onProgress, lastSignal });
    const aborted = () => {
      this.fail(id, reasonOf(signal));
      // Nobody waits for it: if it was not sent after all, there is nothing to call off.
      this.#source.cancel(id, 'whoever asked waits no longer').catch(() => undefined);
    };
    const timer = setTimeout(() => this.#late(id, timeoutMs), timeoutMs + GRACE_MS);
    const release = () => signal?.removeEventListener('abort', aborted);
    const deadline = performance.now() + timeoutMs;
    this.#open.set(id, { pending, resolve, reject, options, deadline, timer, release });
    signal?.addEventListener('abort', aborted, { once: true });
    return pending;
  }

  /** Settles the ask that a notice is about; false when nobody waits for it (any more). */
  settle({ kind, about, from, payload }: Notice): boolean {
    const ask = this.#take(about);
    if (!ask) return false;
    switch (kind) {
      case 'answer': {
        const answer = answerOf(payload, from, about, (data, options) => this.#reply(about, ask, data, options));
        this.#read(ask, answer);
        return true;
      }
      case 'timeout':
        ask.reject(noAnswer(ask.options.timeoutMs));
        return true;
      case 'dead':
      case 'expired':
        ask.resolve({ status: 'error', error: sentenceOfEnd(payload), from, messageId: about });
        return true;
    }
  }

  #read({ options, resolve, reject }: Ask, answer: Answer): void {
    try {
      resolve(options.read ? options.read(answer) : answer);
    } catch (error) {
      reject(toAgoraError(error));
    }
  }

  /** A signal of progress was shown. */
  signal({ about, ...signal }: Signal): void {
    this.#open.get(about)?.pending.signal(signal);
  }

  /** Calls a message off; whoever waits for its answer is told. */
  async cancel(id: string, reason: string): Promise<void> {
    await this.#source.cancel(id, reason);
    const why = reason === '' ? '' : `: ${reason}`;
    this.fail(id, new AgoraError('delivery/cancelled', `message ${id} was cancelled${why}`));
  }

  /** Nobody need wait for this answer any more. */
  fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Nobody need wait for any answer any more. */
  failAll(error: Error): void {
    for (const id of [...this.#open.keys()]) this.fail(id, error);
  }

  /** The question goes on, under its own id. */
  #reply(id: string, ask: Ask, data: unknown, { timeoutMs, signal }: ReplyOptions = {}): PendingAsk {
    const left = Math.max(1, ask.deadline - performance.now());
    const pending = this.wait(id, {
      ...ask.options,
      timeoutMs: timeoutMs ?? left,
      signal: signal ?? ask.options.signal,
      lastSignal: ask.pending.lastSignal,
    });
    try {
      this.#source.reply(id, data, timeoutMs ?? 0, error => this.fail(id, error));
    } catch (error) {
      this.fail(id, error instanceof Error ? error : new AgoraError('call/failed', String(error)));
    }
    return pending;
  }

  #late(id: string, timeoutMs: number): void {
    const error = this.#source.isConnected()
      ? noAnswer(timeoutMs)
      : new ConnectionError('connection/lost', `the connection was lost while message ${id} waited for its answer`);
    this.fail(id, error);
  }

  #take(id: string): Ask | undefined {
    const ask = this.#open.get(id);
    if (!ask) return undefined;
    this.#open.delete(id);
    clearTimeout(ask.timer);
    ask.release();
    return ask;
  }
}

function noAnswer(timeoutMs: number): TimeoutError {
  return new TimeoutError('message/no-answer', `nobody answered within ${timeoutMs / 1000} s`);
}

function sentenceOfEnd(payload: unknown): string {
  const { reason } = isObject(payload) ? (payload as Partial<EndPayload>) : {}; // the hub writes it
  return reason !== undefined ? `the message was given up: ${reason}` : 'the message was given up';
}

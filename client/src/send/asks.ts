// Asks that wait for their answer. Each is settled once: by the answer, by the timeout of the hub, by the local timeout, by
// the loss of the connection, or by its caller.

import { type EndPayload, LIMITS, type TimeoutPayload } from '@agora/module/contract';
import { deferred } from '../base/deferred.ts';
import { answerOf, type Answer, type ProgressSignal, type ReplyOptions } from '../wire/answer.ts';
import { callSafely } from '../base/call-safely.ts';
import { AgoraError, callbackFailed, ConnectionError, TimeoutError, toAgoraError } from '../base/errors.ts';
import { checkKeys, type Keys } from '../base/known-keys.ts';
import { reasonOf } from '../base/waiting.ts';
import type { Notice, Signal } from '../receive/inbox.ts';
import { isObject } from '../base/is-object.ts';
import { PendingAsk, type PendingSource } from './pending-ask.ts';
import type { AskInfo, StoredAsk } from './read-ask.ts';

/** Options of a waiting ask. */
export interface AskOptions {
  readonly timeoutMs: number;
  /** Ends the waiting and cancels the ask. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((signal: ProgressSignal) => void) | undefined;
  /** Number of the last delivered signal, for an ask that continues. */
  readonly lastSignal?: number | undefined;
  /** Reads the answer by the schema of its type. Throws `delivery/bad-answer`. */
  readonly read?: ((answer: Answer) => Answer | Promise<Answer>) | undefined;
}

/** The calls to the hub that asks need. */
export interface AskSource {
  isConnected(): boolean;
  readSignals(id: string, after: number): Promise<readonly ProgressSignal[]>;
  cancel(id: string, reason: string): Promise<void>;
  /** Reads the state of an ask. */
  readAsk(id: string): Promise<StoredAsk>;
  /** Receives what `onProgress` throws. */
  warn(error: AgoraError): void;
  /** Replies to a handler that asked back. `timeoutMs` of 0 keeps the deadline. */
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

const REPLY_OPTIONS: Keys<ReplyOptions> = { timeoutMs: true, signal: true };

/** The timeout of the hub decides and usually comes first; the local timeout waits this much longer. */
const GRACE_MS = 500;

/** The open asks of this client. */
export class Asks {
  readonly #open = new Map<string, Ask>();
  readonly #source: AskSource;

  constructor(source: AskSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Returns true if the ask with this id is open. */
  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Waits for the answer to message `id`. Rejects with a `TimeoutError`, a `ConnectionError`, or the reason of `signal`. */
  wait(id: string, options: AskOptions): PendingAsk {
    const { timeoutMs, signal, onProgress: given, lastSignal } = options;
    const failed = (error: unknown) => this.#source.warn(callbackFailed('onProgress', error));
    const onProgress = given && ((progress: ProgressSignal) => callSafely(() => given(progress), failed));
    const { promise, resolve, reject } = deferred<Answer>();
    const source: PendingSource = {
      readSignals: after => this.#source.readSignals(id, after),
      cancel: reason => this.cancel(id, reason),
    };
    const pending = new PendingAsk({ messageId: id, answer: promise, source, onProgress, lastSignal });
    const aborted = () => {
      this.fail(id, reasonOf(signal));
      // No caller waits for the outcome. An ask that was never sent needs no cancellation.
      this.#source.cancel(id, 'the asker no longer waits').catch(() => undefined);
    };
    const timer = setTimeout(() => this.#late(id, timeoutMs), timeoutMs + GRACE_MS);
    const release = () => signal?.removeEventListener('abort', aborted);
    const deadline = performance.now() + timeoutMs;
    this.#open.set(id, { pending, resolve, reject, options, deadline, timer, release });
    signal?.addEventListener('abort', aborted, { once: true });
    return pending;
  }

  /** Waits for the answer to an ask of before, also of an earlier process; settles immediately if it has ended. */
  resume(id: string, options: Omit<AskOptions, 'timeoutMs'>): PendingAsk {
    const pending = this.#open.get(id)?.pending ?? this.wait(id, { ...options, timeoutMs: LIMITS.answerWithinMs });
    this.restore(id).catch((error: unknown) => this.fail(id, toAgoraError(error)));
    return pending;
  }

  /** Returns the state of an ask of before. */
  async stateOf(id: string): Promise<AskInfo> {
    const { state, deadline, signals, lastFailure } = await this.#source.readAsk(id);
    return { state, deadline, signals, lastFailure };
  }

  /** Settles an open ask that has ended at the hub. */
  async restore(id: string): Promise<void> {
    const { state, answer, lastFailure, signals } = await this.#source.readAsk(id);
    const pending = this.#open.get(id)?.pending;
    if (pending && signals > pending.lastSignal) await pending.catchUp();
    switch (state) {
      case 'open':
        return;
      case 'input_required':
      case 'answered':
      case 'late':
        if (answer) this.settle(answer);
        else this.fail(id, new AgoraError('ask/unknown', `the answer to ${id} is no longer kept`));
        return;
      case 'timed_out': {
        const why = lastFailure === '' ? '' : `; the last attempt failed: ${lastFailure}`;
        return this.fail(id, new TimeoutError('message/no-answer', `no answer before the deadline${why}`));
      }
      case 'cancelled':
        return this.fail(id, new AgoraError('delivery/cancelled', `message ${id} was cancelled`));
      case 'dead':
      case 'expired':
        this.settle({
          kind: state,
          about: id,
          from: 'system',
          payload: lastFailure === '' ? {} : { reason: lastFailure },
        });
    }
  }

  /** Settles the ask of a notice. Returns false if it is not open. */
  settle({ kind, about, from, payload, signals = 0 }: Notice): boolean {
    const ask = this.#take(about);
    if (!ask) return false;
    ask.pending.sent(signals);
    switch (kind) {
      case 'answer': {
        const answer = answerOf(payload, from, about, (data, options = {}) => this.#reply(about, ask, data, options));
        this.#read(ask, answer);
        return true;
      }
      case 'timeout':
        ask.reject(noAnswer(ask.options.timeoutMs, payload));
        return true;
      case 'dead':
      case 'expired':
        ask.resolve({ status: 'error', error: sentenceOfEnd(payload), from, messageId: about });
        return true;
      case 'claim':
        return false;
    }
  }

  #read({ options, resolve, reject }: Ask, answer: Answer): void {
    try {
      resolve(options.read ? options.read(answer) : answer);
    } catch (error) {
      reject(toAgoraError(error));
    }
  }

  /** Delivers a progress signal. */
  signal({ about, ...signal }: Signal): void {
    this.#open.get(about)?.pending.signal(signal);
  }

  /** Cancels a message and rejects its ask. */
  async cancel(id: string, reason: string): Promise<void> {
    await this.#source.cancel(id, reason);
    const why = reason === '' ? '' : `: ${reason}`;
    this.fail(id, new AgoraError('delivery/cancelled', `message ${id} was cancelled${why}`));
  }

  /** Rejects an ask. */
  fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Rejects all asks. */
  failAll(error: Error): void {
    for (const id of [...this.#open.keys()]) this.fail(id, error);
  }

  /** Continues an ask under its id. */
  #reply(id: string, ask: Ask, data: unknown, options: ReplyOptions): PendingAsk {
    const { timeoutMs, signal } = options;
    const left = Math.max(1, ask.deadline - performance.now());
    const pending = this.wait(id, {
      ...ask.options,
      timeoutMs: timeoutMs ?? left,
      signal: signal ?? ask.options.signal,
      lastSignal: ask.pending.lastSignal,
    });
    try {
      checkKeys('the options of reply()', options, REPLY_OPTIONS);
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

function noAnswer(timeoutMs: number, payload?: unknown): TimeoutError {
  const { reason } = isObject(payload) ? (payload as Partial<TimeoutPayload>) : {}; // the hub writes it
  const why = reason === undefined ? '' : `; the last attempt failed: ${reason}`;
  return new TimeoutError('message/no-answer', `no answer within ${timeoutMs / 1000} s${why}`);
}

function sentenceOfEnd(payload: unknown): string {
  const { reason } = isObject(payload) ? (payload as Partial<EndPayload>) : {}; // the hub writes it
  return reason !== undefined ? `the message was given up: ${reason}` : 'the message was given up';
}

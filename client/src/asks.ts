// Questions that wait for their answer. Each is settled once: by the answer, by the hub's word that its time is over, by
// this side's own clock, by the loss of the connection, or by whoever asked.

import { AgoraError, ConnectionError, TimeoutError } from './errors.ts';
import type { Notice } from './inbox.ts';
import { isObject } from './json.ts';

/** What came back. */
export type Answer<Data = unknown> =
  | {
      readonly status: 'success';
      readonly data: Data;
      readonly error?: undefined;
      readonly from: string;
      readonly messageId: string;
    }
  | {
      readonly status: 'error';
      readonly error: string;
      readonly data?: undefined;
      /** Who answered; `system` when the message was given up. */
      readonly from: string;
      readonly messageId: string;
    };

interface Ask {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly timeoutMs: number;
  timer: ReturnType<typeof setTimeout>;
  readonly release: () => void;
}

/** The hub's word counts, and mostly comes first; this long it is waited for after the time is over. */
const GRACE_MS = 500;

/** Keeps the questions this client asked, until each has its answer or its error. */
export class Asks {
  readonly #open = new Map<string, Ask>();
  readonly #isConnected: () => boolean;

  constructor(isConnected: () => boolean) {
    this.#isConnected = isConnected;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Waits for the answer to message `id`. Rejects with a `TimeoutError`, a `ConnectionError`, or the reason of `signal`. */
  wait(id: string, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const aborted = () => this.fail(id, abortReason(signal));
      const timer = setTimeout(() => this.#late(id, timeoutMs), timeoutMs + GRACE_MS);
      const release = () => signal?.removeEventListener('abort', aborted);
      this.#open.set(id, { resolve, reject, timeoutMs, timer, release });
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  /** Settles the ask that a notice is about; false when nobody waits for it (any more). */
  settle({ kind, about, from, payload }: Notice): boolean {
    const ask = this.#take(about);
    if (!ask) return false;
    switch (kind) {
      case 'answer':
        ask.resolve(answerOf(payload, from, about));
        return true;
      case 'timeout':
        ask.reject(noAnswer(ask.timeoutMs));
        return true;
      case 'dead':
      case 'expired':
        ask.resolve({ status: 'error', error: reasonOf(payload), from, messageId: about });
        return true;
    }
  }

  /** Nobody need wait for this answer any more. */
  fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Nobody need wait for any answer any more. */
  failAll(error: Error): void {
    for (const id of [...this.#open.keys()]) this.fail(id, error);
  }

  #late(id: string, timeoutMs: number): void {
    const error = this.#isConnected()
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

function answerOf(payload: unknown, from: string, messageId: string): Answer {
  if (!isObject(payload)) return { status: 'error', error: 'the answer cannot be read', from, messageId };
  const { status, data, error } = payload;
  if (status === 'success') return { status, data, from, messageId };
  return {
    status: 'error',
    error: typeof error === 'string' ? error : 'the recipient gave no reason',
    from,
    messageId,
  };
}

function reasonOf(payload: unknown): string {
  const reason = isObject(payload) ? payload['reason'] : undefined;
  return typeof reason === 'string' ? `the message was given up: ${reason}` : 'the message was given up';
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new AgoraError('client/closed', 'whoever asked waits no longer');
}

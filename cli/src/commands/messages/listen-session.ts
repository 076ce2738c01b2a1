// The time in which a command handles messages, and how it ends: what runs may finish, nothing more is begun, and what is
// finished is told to the hub after it was told to offer nothing more, so that nothing is offered in vain.

import { setImmediate } from 'node:timers/promises';
import type { AgoraClient } from '@agora/client';

/** How long a session is. */
export interface ListenSessionOptions {
  /** It is over once this many messages were handled. */
  readonly limit: number | undefined;
  /** It is over after this time. */
  readonly forMs: number | undefined;
  /** It is over when this is aborted. */
  readonly signal: AbortSignal;
  /** How long what runs may go on after that. */
  readonly graceMs: number;
}

/** Why a session was over. */
export type SessionEnd = 'limit' | 'time' | 'signal' | 'asked';

/** Counts what is begun and finished, and leaves in good order. */
export class ListenSession {
  readonly #options: ListenSessionOptions;
  readonly #over = Promise.withResolvers<SessionEnd>();
  readonly #left = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  #isOver = false;
  #begun = 0;
  #finished = 0;
  #settling = 0;
  #idle: (() => void) | undefined;

  constructor(options: ListenSessionOptions) {
    this.#options = options;
  }

  /** Aborted when what still runs has to end. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  get finished(): number {
    return this.#finished;
  }

  /** Ends the session. */
  end(why: SessionEnd): void {
    this.#isOver = true;
    this.#over.resolve(why);
  }

  /**
   * Does the work on one message; what it returns is done once it may be told to the hub. A message that comes when no more
   * are begun is left alone, and goes back.
   */
  async handle<T>(work: () => Promise<() => T>): Promise<T> {
    const { limit } = this.#options;
    if (this.#isOver || (limit !== undefined && this.#begun >= limit)) return new Promise(() => undefined);
    this.#begun++;
    this.#settling++;
    try {
      const settle = await this.#finish(work);
      if (this.#isOver) await this.#left.promise;
      return settle();
    } finally {
      this.#settling--;
    }
  }

  /** Waits for the end, and has `client` leave. */
  async run(client: AgoraClient): Promise<SessionEnd> {
    const { forMs, signal, graceMs } = this.#options;
    const byTime = forMs === undefined ? undefined : setTimeout(() => this.end('time'), forMs);
    const bySignal = () => this.end('signal');
    if (signal.aborted) bySignal();
    signal.addEventListener('abort', bySignal, { once: true });
    const why = await this.#over.promise;
    clearTimeout(byTime);
    const impatient = setTimeout(() => this.#stop.abort(), graceMs);
    while (this.#begun > this.#finished) await new Promise<void>(resolve => (this.#idle = resolve));
    clearTimeout(impatient);
    // A connection that is gone is left already.
    await client.detachAgent().catch(() => undefined);
    this.#left.resolve();
    while (this.#settling > 0) await setImmediate();
    await setImmediate();
    return why;
  }

  async #finish<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#finished++;
      const { limit } = this.#options;
      if (limit !== undefined && this.#finished >= limit) this.end('limit');
      this.#idle?.();
    }
  }
}

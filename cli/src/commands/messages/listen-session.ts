// The session of `agora listen`: it counts messages until a limit, a time or a signal ends it, then shuts down in order.
// Running handlers finish, no new ones start, and the agent detaches before the results are sent. So the hub offers no
// message that would lose an attempt without being handled.

import { setImmediate } from 'node:timers/promises';
import type { AgoraClient } from '@agora/client';

/** When a session ends. */
export interface ListenSessionOptions {
  /** Ends it after this many handled messages. */
  readonly limit: number | undefined;
  /** Ends it after this time. */
  readonly forMs: number | undefined;
  /** Ends it when aborted. */
  readonly signal: AbortSignal;
  /** How long running handlers may continue after the end. */
  readonly graceMs: number;
}

/** Why a session ended; `asked` means a call of `end`. */
export type SessionEnd = 'limit' | 'time' | 'signal' | 'asked';

/** Counts started and finished handlers, and shuts down in order. */
export class ListenSession {
  readonly #options: ListenSessionOptions;
  readonly #over = Promise.withResolvers<SessionEnd>();
  readonly #detached = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  #isOver = false;
  #started = 0;
  #finished = 0;
  #settling = 0;
  #idle: (() => void) | undefined;

  constructor(options: ListenSessionOptions) {
    this.#options = options;
  }

  /** Aborted when the grace period is over and running handlers must end. */
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
   * Runs the handler of one message, then the function that it returns, which settles the message. After the end of the
   * session that function waits until the agent has detached. A message that arrives after the end never settles here: the
   * hub takes it back.
   */
  async handle<T>(work: () => Promise<() => T>): Promise<T> {
    const { limit } = this.#options;
    if (this.#isOver || (limit !== undefined && this.#started >= limit)) return new Promise(() => undefined);
    this.#started++;
    this.#settling++;
    try {
      const settle = await this.#finish(work);
      if (this.#isOver) await this.#detached.promise;
      return settle();
    } finally {
      this.#settling--;
    }
  }

  /** Waits for the end of the session, then detaches the agent of `client`. */
  async run(client: AgoraClient): Promise<SessionEnd> {
    const { forMs, signal, graceMs } = this.#options;
    const timer = forMs === undefined ? undefined : setTimeout(() => this.end('time'), forMs);
    const endBySignal = () => this.end('signal');
    if (signal.aborted) endBySignal();
    signal.addEventListener('abort', endBySignal, { once: true });
    const why = await this.#over.promise;
    clearTimeout(timer);
    const graceTimer = setTimeout(() => this.#stop.abort(), graceMs);
    while (this.#started > this.#finished) await new Promise<void>(resolve => (this.#idle = resolve));
    clearTimeout(graceTimer);
    // If the connection is lost, the agent is already detached.
    await client.detachAgent().catch(() => undefined);
    this.#detached.resolve();
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

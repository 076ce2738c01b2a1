// Shares the thread between the queries of callers other than the owner, and all other work: the queries get at most a
// third of the time. A single query is bounded by its `QueryBudget`; many together are bounded here.

import { HttpError } from './exchange.ts';

/** Queries may run without a pause for about this long. */
const BURST_MS = 50;
/** After a query, queries pause for this many times its duration. A large answer costs as much again when it is sent. */
const PAUSE = 2;
/** Waiting queries that start together. */
const PUMP_MS = 10;

/** With more waiting queries, those over HTTP are refused. Each client has one that waits. */
const MAX_WAITING = 1024;

/** Delays queries while earlier ones have used up their share of the time. */
export class QueryPacer {
  readonly #clock: () => number;
  readonly #waiting = new Set<() => void>();
  #debtMs = 0;
  #countedAt: number;
  #isPumping = false;

  /** `clock` is in milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#countedAt = clock();
  }

  /** Number of queries that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Returns true if a query must wait. */
  get isBusy(): boolean {
    return this.#debt() > BURST_MS;
  }

  /** Runs a query, and counts its time. */
  measure<T>(query: () => T): T {
    const debt = this.#debt();
    const begun = this.#countedAt;
    try {
      return query();
    } finally {
      this.#countedAt = this.#clock();
      this.#debtMs = debt + PAUSE * (this.#countedAt - begun);
    }
  }

  /** Calls `start` when a query may run; it runs the query before it returns. The result cancels the call. */
  whenFree(start: () => void): () => void {
    const entry = () => start();
    this.#waiting.add(entry);
    this.#pump();
    return () => void this.#waiting.delete(entry);
  }

  /**
   * Runs a query when it may run. Rejects with 503 if too many wait, and does not run it once `signal` has aborted.
   */
  async run<T>(query: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (!this.isBusy) return this.measure(query);
    if (this.#waiting.size >= MAX_WAITING) throw new HttpError(503, 'Too many queries wait: try again later');
    return new Promise<T>((resolve, reject) => {
      const cancel = this.whenFree(() => {
        signal.removeEventListener('abort', leave);
        // Runs up to its first wait, which is all of the query.
        resolve(this.measure(query));
      });
      const leave = () => {
        cancel();
        reject(new HttpError(499, 'The client has disconnected'));
      };
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
    });
  }

  #pump(): void {
    if (this.#isPumping || this.#waiting.size === 0) return;
    this.#isPumping = true;
    setTimeout(
      () => {
        this.#isPumping = false;
        const until = this.#clock() + PUMP_MS;
        for (const start of this.#waiting) {
          if (this.isBusy || this.#clock() > until) break;
          this.#waiting.delete(start);
          start();
        }
        this.#pump();
      },
      Math.max(1, this.#debt() - BURST_MS),
    ).unref();
  }

  /** A query adds to the debt; it falls by the time that passes between queries. */
  #debt(): number {
    const now = this.#clock();
    this.#debtMs = Math.max(0, this.#debtMs - (now - this.#countedAt));
    this.#countedAt = now;
    return this.#debtMs;
  }
}

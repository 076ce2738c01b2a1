// Loops over a result that changes: each turn has the newest one, and changes between two turns are merged.

import { type AgoraError, ConnectionError } from './errors.ts';

/** The loops over one changing result. */
export class ChangeLoops {
  readonly #wakers = new Set<() => void>();
  /** Why no further change can come. */
  #end: AgoraError | undefined;

  /** Wakes all loops. */
  changed(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  /** Ends all loops, with this error unless the client was closed. */
  end(error: AgoraError): void {
    this.#end = error;
    this.changed();
  }

  /**
   * Yields the result, and again after each change, until the client is closed or `signal` aborts. A turn whose connection was
   * lost is left out. Throws what `find` throws otherwise, and the end of the connection.
   */
  async *watch<Result>(find: () => Promise<Result>, signal: AbortSignal | undefined): AsyncGenerator<Result, void> {
    let isNew = true;
    let wake: (() => void) | undefined;
    const look = () => {
      isNew = true;
      wake?.();
    };
    this.#wakers.add(look);
    signal?.addEventListener('abort', look, { once: true });
    try {
      for (;;) {
        if (signal?.aborted || this.#end?.code === 'client/closed') return;
        if (this.#end) throw this.#end;
        if (isNew) {
          isNew = false;
          const found = await this.#unlessLost(find);
          if (found) yield found.result;
        } else await new Promise<void>(resolve => (wake = resolve));
      }
    } finally {
      this.#wakers.delete(look);
      signal?.removeEventListener('abort', look);
    }
  }

  /** Returns undefined if the connection was lost: a change follows when it is back. */
  async #unlessLost<Result>(find: () => Promise<Result>): Promise<{ readonly result: Result } | undefined> {
    try {
      return { result: await find() };
    } catch (error) {
      if (error instanceof ConnectionError && (error.code === 'connection/lost' || this.#end)) return undefined;
      throw error;
    }
  }
}

// Live values as an async iterable with a bounded buffer.
//
// I1  Values come in order, each once.
// I2  The buffer is bounded. When it is full, either the oldest values are dropped (only the newest counts), or the loop
//     ends with an error (no value may be lost silently).
// I3  Leaving the loop, `close`, an aborted signal and the end of the client end the subscription to the source.

import { deferred } from './deferred.ts';
import { AgoraError } from './errors.ts';

/** Buffer of a loop, and its behaviour when the reader is too slow. */
export interface LiveOptions {
  /** Name of the values, for the error. */
  readonly what: string;
  /** Size of the buffer. */
  readonly maxWaiting: number;
  /** Behaviour of a full buffer: it drops the oldest value, or the loop ends with `client/slow-reader`. */
  readonly whenFull: 'drop-oldest' | 'fail';
  /** Ends the loop, as leaving it does. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, at the end. */
  readonly closed: () => void;
}

/** A live loop: `for await`, once. It stays subscribed to its source until it is left or closed. */
export class LiveStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #options: LiveOptions;
  readonly #buffer: T[] = [];
  readonly #pulls: PromiseWithResolvers<IteratorResult<T>>[] = [];
  readonly #aborted = () => this.end();
  #isClosed = false;
  #error: Error | undefined;

  /** @internal Throws the reason of an aborted signal. */
  constructor(options: LiveOptions) {
    options.signal?.throwIfAborted();
    this.#options = options;
    options.signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** @internal Adds a value. */
  push(value: T): void {
    if (this.#isClosed) return;
    const pull = this.#pulls.shift();
    if (pull) return pull.resolve({ done: false, value });
    const { what, maxWaiting, whenFull } = this.#options;
    if (this.#buffer.length >= maxWaiting) {
      if (whenFull === 'fail') {
        return this.end(
          new AgoraError('client/slow-reader', `the loop is too slow: more than ${maxWaiting} ${what} wait`),
        );
      }
      this.#buffer.shift();
    }
    this.#buffer.push(value);
  }

  /** @internal Ends the loop after the buffered values; with an error, it then throws that. Idempotent. */
  end(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    this.#options.closed();
    for (const pull of this.#pulls.splice(0)) {
      if (error) pull.reject(error);
      else pull.resolve({ done: true, value: undefined });
    }
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#buffer.length > 0) return Promise.resolve({ done: false, value: this.#buffer.shift() as T }); // there is one
    const error = this.#error;
    this.#error = undefined;
    if (error) return Promise.reject(error);
    if (this.#isClosed) return Promise.resolve({ done: true, value: undefined });
    const pull = deferred<IteratorResult<T>>();
    this.#pulls.push(pull);
    return pull.promise;
  }

  /** Ends the loop immediately and discards the buffer. */
  close(): Promise<void> {
    this.#buffer.length = 0;
    this.end();
    return Promise.resolve();
  }

  async return(): Promise<IteratorResult<T>> {
    await this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

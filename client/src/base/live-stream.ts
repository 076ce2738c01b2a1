// What happens while somebody watches, as a loop: a bounded buffer between whoever tells and whoever takes.
//
// I1  What was told comes in order, each once.
// I2  What was not taken yet is bounded. Beyond that either the oldest go first, where only the newest counts, or the loop
//     ends with an error that says so, where nothing may be lost in silence.
// I3  Leaving the loop, `close`, an aborted signal and the end of the client let go of whatever tells.

import { AgoraError } from './errors.ts';

/** What a loop takes, and what becomes of it when it is too slow. */
export interface LiveOptions {
  /** What it is about, for the error. */
  readonly what: string;
  /** How many wait at most. */
  readonly most: number;
  /** What happens then: the oldest are dropped, or the loop ends with `client/slow-reader`. */
  readonly whenFull: 'drop-oldest' | 'fail';
  /** Ends the loop, as leaving it does. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, at the end. */
  readonly closed: () => void;
}

/** A live loop: `for await`, once. It holds what it watches until it is left or closed. */
export class LiveStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #options: LiveOptions;
  readonly #buffer: T[] = [];
  readonly #pulls: PromiseWithResolvers<IteratorResult<T>>[] = [];
  readonly #aborted = () => this.end();
  #isClosed = false;
  #error: Error | undefined;

  /** Throws the reason of a signal that is aborted already. */
  constructor(options: LiveOptions) {
    options.signal?.throwIfAborted();
    this.#options = options;
    options.signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** Something has happened. */
  push(value: T): void {
    if (this.#isClosed) return;
    const pull = this.#pulls.shift();
    if (pull) return pull.resolve({ done: false, value });
    const { what, most, whenFull } = this.#options;
    if (this.#buffer.length >= most) {
      if (whenFull === 'fail') {
        return this.end(new AgoraError('client/slow-reader', `${most} ${what} wait to be taken, and one more came`));
      }
      this.#buffer.shift();
    }
    this.#buffer.push(value);
  }

  /** Ends the loop once what waits was taken; with an error, it then throws that. May be called twice. */
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
    const pull = Promise.withResolvers<IteratorResult<T>>();
    this.#pulls.push(pull);
    return pull.promise;
  }

  /** Ends the loop at once: what waits is not taken any more. */
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

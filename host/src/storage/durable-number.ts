// The number of the last durable commit, with its waiters and listeners.

import { assert, type HostError } from '../errors.ts';

interface Waiter {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: HostError) => void;
}

/** A rising number with waiters and listeners. There are at most as many waiters as commits in flight. */
export class DurableNumber {
  #taken: number;
  #durable: number;
  #failure: HostError | undefined;
  readonly #waiters = new Map<number, Waiter>();
  readonly #listeners = new Set<(durable: number) => void>();

  constructor(number: number) {
    this.#taken = number;
    this.#durable = number;
  }

  get current(): number {
    return this.#durable;
  }

  /** The highest appended commit. */
  get taken(): number {
    return this.#taken;
  }

  take(number: number): void {
    assert(number >= this.#taken, 'commits are handed in in order');
    this.#taken = number;
  }

  rise(number: number): void {
    if (number <= this.#durable) return;
    this.#durable = number;
    for (const [waited, waiter] of this.#waiters) {
      if (waited > number) continue;
      this.#waiters.delete(waited);
      waiter.resolve();
    }
    for (const listener of this.#listeners) listener(number);
  }

  /** Rejects every present and later waiter for a commit that is not durable. */
  fail(error: HostError): void {
    this.#failure ??= error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
  }

  when(number: number): Promise<void> {
    if (number <= this.#durable) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    assert(number <= this.#taken, 'only a commit that was handed in is waited for');
    let waiter = this.#waiters.get(number);
    if (!waiter) {
      waiter = Promise.withResolvers<void>();
      // The waiter handles the rejection; without this, an abandoned waiter would end the process.
      waiter.promise.catch(() => undefined);
      this.#waiters.set(number, waiter);
    }
    return waiter.promise;
  }

  listen(listener: (durable: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

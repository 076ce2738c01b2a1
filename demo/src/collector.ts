// Collector of received items, with a way to wait for more.

import { within } from './stage.ts';

/** Keeps items in order of arrival and notifies waiters. */
export class Collector<T> {
  readonly #items: T[] = [];
  readonly #listeners = new Set<() => void>();

  add(item: T): void {
    this.#items.push(item);
    for (const listener of this.#listeners) listener();
  }

  /** Waits until `count` items match and returns all that match. */
  async some(count: number, matches: (item: T) => boolean, what: string, timeoutMs = 10_000): Promise<T[]> {
    const found = () => this.#items.filter(matches);
    if (found().length >= count) return found();
    let listener = (): void => undefined;
    const enough = new Promise<void>(resolve => {
      listener = () => found().length >= count && resolve();
      this.#listeners.add(listener);
    });
    try {
      await within(timeoutMs, what, enough);
      return found();
    } finally {
      this.#listeners.delete(listener);
    }
  }
}

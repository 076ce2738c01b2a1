// What the coordinator has heard so far, and a way to wait for what it has not.

import { within } from './stage.ts';

/** Keeps what comes, in order, and answers whoever waits for it. */
export class Heard<T> {
  readonly #items: T[] = [];
  readonly #listeners = new Set<() => void>();

  add(item: T): void {
    this.#items.push(item);
    for (const listener of this.#listeners) listener();
  }

  /** All that matches, once there are `count` of them; a demo's worth of items is looked through each time. */
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

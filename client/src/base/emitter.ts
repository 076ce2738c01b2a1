// Listeners by event name.

import { callSafely } from './call-safely.ts';

/** Calls the listeners of an event in the order of their registration. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();
  readonly #failed: (name: keyof Events, error: unknown) => void;

  /** `failed` receives what a listener throws or rejects with; the other listeners are still called. */
  constructor(failed: (name: keyof Events, error: unknown) => void) {
    this.#failed = failed;
  }

  /** Adds a listener; returns a function that removes it. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Calls the listeners. Returns false if there are none. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): boolean {
    const listeners = this.#listeners.get(name);
    if (!listeners || listeners.size === 0) return false;
    for (const listener of [...listeners]) {
      // `on` added each listener under the name of the values that it accepts.
      const call = listener as (value: Events[Name]) => void;
      callSafely(
        () => call(value),
        error => this.#failed(name, error),
      );
    }
    return true;
  }
}

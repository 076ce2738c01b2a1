// Listeners by the name of what they listen to.

/** Calls the listeners of an event in the order in which they came. */
export class Emitter<Events extends Readonly<Record<string, unknown>>> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Adds a listener and returns what removes it. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Tells the listeners; false if there was none. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): boolean {
    const listeners = this.#listeners.get(name);
    if (!listeners || listeners.size === 0) return false;
    // `on` added each under the name whose values it takes.
    for (const listener of [...listeners]) (listener as (value: Events[Name]) => void)(value);
    return true;
  }
}

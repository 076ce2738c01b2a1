// Something that is known wherever a function leads, also after it has waited.

/** Tells what was given to the `run` that the caller is in. */
export interface Scope<T> {
  getStore(): T | undefined;
  run<R>(store: T, run: () => R): R;
}

// Async context: a value that a function and everything it awaits can read.

/** The part of `AsyncLocalStorage` that the client uses. */
export interface Scope<T> {
  getStore(): T | undefined;
  run<R>(store: T, run: () => R): R;
}

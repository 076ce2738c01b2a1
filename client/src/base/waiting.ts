// Waits with a limit: a timeout or a signal.

import { checkKeys, type Keys } from './known-keys.ts';
import { startTimer } from './timer.ts';

/** Returns true if a value is a promise or another thenable. Throws what a getter `then` throws. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Options of every call that waits. */
export interface WaitOptions {
  /** Ends the waiting: the call rejects with the reason of the signal. A request that was sent may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** The keys of `WaitOptions`. */
export const WAIT_OPTIONS: Keys<WaitOptions> = { signal: true };

/** Performs a call; rejects when its signal aborts first. Throws `client/bad-option` for other options. */
export async function performUntil<T>(options: WaitOptions, call: () => Promise<T>): Promise<T> {
  checkKeys('the options of a call', options, WAIT_OPTIONS);
  return untilAborted(options.signal, call());
}

/** Returns the reason of an aborted signal as an error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError');
}

/** Waits until a promise settles. If the signal aborts first, calls `aborted` and rejects with the reason. */
export function untilAborted<T>(
  signal: AbortSignal | undefined,
  promise: Promise<T>,
  aborted?: () => void,
): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => {
      aborted?.();
      reject(reasonOf(signal));
    };
    const end = () => signal.removeEventListener('abort', abort);
    promise.then(resolve, reject).finally(end);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** Waits until a promise settles, at most `ms`. */
export function settleWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const stop = startTimer(ms, resolve);
    const end = () => {
      stop();
      resolve();
    };
    promise.then(end, end);
  });
}

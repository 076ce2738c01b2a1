// Waiting, but never for ever.

/** Whether a value has to be waited for. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** What a wait may be told. */
export interface WaitOptions {
  /** Ends the waiting: the call rejects with the reason of the signal. What is on its way may be done all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Why a signal was aborted. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError');
}

/** Waits until a promise settles or a signal is aborted: then calls `aborted`, and rejects with the reason. */
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

/** Waits until a promise settles, but no longer than `ms`. */
export function settleWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    promise.then(end, end);
  });
}

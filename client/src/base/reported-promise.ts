// Promises whose rejection is reported when the program handles it nowhere: `client.sendMessage(…)` without `await` must not end
// the process.

import { AgoraError, textOf } from './errors.ts';

class ReportedPromise<T> extends Promise<T> {
  /** Promises made by `then` are plain ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  isHandled = false;

  override then<A = T, B = never>(
    resolved?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isHandled = true;
    return super.then(resolved, rejected);
  }
}

/** Returns the same promise for its caller. A rejection that the caller does not handle goes to `warn`. */
export function reported<T>(what: string, promise: Promise<T>, warn: (error: AgoraError) => void): Promise<T> {
  const watched = new ReportedPromise<T>((resolve, reject) => {
    promise.then(resolve, (error: unknown) => {
      reject(error instanceof Error ? error : new Error(textOf(error)));
      // A caller that awaits the promise has done so in the same tick, at the latest when it is rejected.
      setTimeout(() => {
        if (watched.isHandled) return;
        const sentence = `${what}, which the program does not await, was refused: ${textOf(error)}`;
        warn(new AgoraError('client/not-awaited', sentence, { cause: error }));
      });
    });
  });
  // The runtime counts the rejection as handled.
  void Promise.prototype.then.call(watched, undefined, () => undefined);
  return watched;
}

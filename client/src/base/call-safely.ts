// Calls of functions that the program passes: listeners, callbacks. An exception there must not end the client: thrown inside
// the `onmessage` of a WebSocket, it would stop the socket or the process.

/** Calls a function of the program. What it throws, or rejects with, goes to `failed`. */
export function callSafely(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const returned = call();
    if (typeof returned === 'object' && returned !== null) Promise.resolve(returned).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

// Detects an event loop that did not run for long: its process sends no heartbeats and renews no leases.

/** Interval of the looks. */
const LOOK_MS = 1_000;
/** A pause that is worth a warning: a quarter of the time after which the hub gives messages to others. */
export const LONG_PAUSE_MS = 10_000;

/** Calls `paused` after each long pause of the event loop; returns a function that stops it. */
export function watchLoop(paused: (ms: number) => void, now: () => number = () => performance.now()): () => void {
  let last = now();
  const timer: unknown = setInterval(() => {
    const at = now();
    const late = at - last - LOOK_MS;
    last = at;
    if (late >= LONG_PAUSE_MS) paused(late);
  }, LOOK_MS);
  // The look keeps no process alive; timers of browsers are numbers.
  (timer as { unref?: () => void }).unref?.();
  return () => clearInterval(timer as ReturnType<typeof setInterval>);
}

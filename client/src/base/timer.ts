// Timers of any length. Those of the runtime take at most 2^31 - 1 ms (24.8 days) and fire immediately for more.

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `call` after `ms`; never for `Infinity`. Returns a function that stops the timer. */
export function startTimer(ms: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (left: number) => {
    if (left === Infinity) return;
    const step = Math.min(left, MAX_TIMER_MS);
    timer = setTimeout(() => (left > step ? start(left - step) : call()), step);
  };
  start(ms);
  return () => clearTimeout(timer);
}

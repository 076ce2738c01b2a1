// Signals of the operating system.

/** Calls `listener` at each of these signals instead of ending the process; returns a function that removes it. */
export function onSignals(signals: readonly string[], listener: (signal: string) => void): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

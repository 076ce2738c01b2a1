// Signals of the system to this process.

/** Has `listener` called at each of these signals, in place of the end of the process; returns what ends that. */
export function onSignals(signals: readonly string[], listener: (signal: string) => void): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

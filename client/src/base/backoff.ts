// How long to wait before the next try.

/** Between which milliseconds a pause lies. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** What is waited where nothing else is said. */
export const USUAL_BACKOFF: Backoff = { firstMs: 100, mostMs: 10_000 };

/**
 * Milliseconds before try `attempt` (0 for the first): doubled each time up to the most, of which half is chance, so that
 * clients that lost the same server do not come back at the same moment.
 */
export function backoffMs(
  attempt: number,
  backoff: Backoff = USUAL_BACKOFF,
  chance: () => number = Math.random,
): number {
  const ceiling = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(attempt, 20));
  return ceiling / 2 + chance() * (ceiling / 2);
}

// Exponential backoff with jitter.

/** Bounds of the pauses between attempts. */
export interface Backoff {
  /** The longest first pause, in milliseconds. */
  readonly firstMs: number;
  /** The longest pause of all, in milliseconds. */
  readonly maxMs: number;
}

/** The backoff of retries without own settings; the longest pause is shorter than the hub's grace for offline agents. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 100, maxMs: 5_000 };

/**
 * Milliseconds before attempt `attempt` (0 for the first): exponential backoff, capped, with 50 % jitter, so that clients
 * that lost the same hub do not reconnect at the same moment.
 */
export function backoffMs(
  attempt: number,
  backoff: Backoff = DEFAULT_BACKOFF,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt, 20));
  return ceiling / 2 + random() * (ceiling / 2);
}

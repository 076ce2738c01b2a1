// How long to wait before the next try.

const FIRST_MS = 100;
const MOST_MS = 10_000;

/**
 * Milliseconds before try `attempt` (0 for the first): doubled each time up to ten seconds, of which half is chance, so
 * that clients that lost the same server do not come back at the same moment.
 */
export function backoffMs(attempt: number, chance: () => number = Math.random): number {
  const ceiling = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 20));
  return ceiling / 2 + chance() * (ceiling / 2);
}

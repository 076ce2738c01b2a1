// The queries that one client subscribed to together.

import type { WatchedPlan } from './watched-plan.ts';

/** What one client subscribed to in one request, under the id it chose. */
export interface QuerySet<C> {
  readonly client: C;
  readonly id: number;
  /** Each distinct query once. */
  readonly plans: readonly WatchedPlan[];
}

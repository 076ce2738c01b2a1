// The queries that one client subscribed to together.

import type { WatchedPlan } from './watched-plan.ts';

export interface QuerySet<C> {
  readonly client: C;
  readonly id: number;
  /** Each distinct query once. */
  readonly plans: readonly WatchedPlan[];
}

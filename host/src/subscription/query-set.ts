// A query set: queries that one client subscribed to in one request.

import type { WatchedQuery } from './watched-query.ts';

/** The queries of one subscription, under the id that the client chose. */
export interface QuerySet<C> {
  readonly client: C;
  readonly id: number;
  /** Each distinct query once. */
  readonly plans: readonly WatchedQuery[];
}

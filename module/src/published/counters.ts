// Counters of the whole hub, for operators.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { count, watchCounters } from '../operator/counters.ts';
import { agora } from '../schema.ts';
import { hubCounters } from '../tables/operator.ts';
import { withUnitOfWork } from './call.ts';

/** Keeps `hubStatus` up to date for the next minute; for operators. Changes nothing else, so it leaves no audit event. */
export const watchHub = agora.reducer(ctx => {
  requireOperator(ctx);
  withUnitOfWork(ctx, watchCounters);
});

/** The counters, while the caller is an operator and one watches; empty for others, whom their changes do not concern. */
export const hubStatus = agora.view({ public: true }, t.array(hubCounters.rowType), ctx => {
  if (!ctx.db.operator.identity.find(ctx.sender)) return [];
  const row = ctx.db.hubCounters.id.find(0);
  return row ? [row] : [];
});

/** The counters as they are now; for operators. */
export const hubOverview = agora.procedure(hubCounters.rowType, ctx =>
  ctx.withTx(tx => {
    requireOperator(tx);
    return count(tx.db, tx.timestamp.microsSinceUnixEpoch);
  }),
);

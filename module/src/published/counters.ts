// Counters of the whole hub, for operators.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { currentCounters, watchCounters } from '../operator/counters.ts';
import { agora } from '../schema.ts';
import { hubCounters } from '../tables/operator.ts';
import { withUnitOfWork } from './call.ts';

/** Keeps `hubStatus` up to date for the next minute; for operators. Without an audit event, since it changes no setting. */
export const watchHub = agora.reducer(ctx => {
  requireOperator(ctx);
  withUnitOfWork(ctx, watchCounters);
});

/** The counters, while the caller is an operator and one watches; empty for others, so that no change reaches them. */
export const hubStatus = agora.view({ public: true }, t.array(hubCounters.rowType), ctx => {
  if (!ctx.db.operator.identity.find(ctx.sender)) return [];
  const row = ctx.db.hubCounters.id.find(0);
  return row ? [row] : [];
});

/** Returns the current counters; for operators. */
export const hubOverview = agora.procedure(hubCounters.rowType, ctx =>
  ctx.withTx(tx => {
    requireOperator(tx);
    return currentCounters(tx.db, tx.timestamp.microsSinceUnixEpoch);
  }),
);

// What operators see of the hub at a glance: counted from what tables know of themselves, once a second while one watches.

import { t } from 'spacetimedb/server';
import { requireOperator } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import { withDesk, type Desk } from '../desk.ts';
import { agora, type Ctx } from '../schema.ts';
import { remember } from '../time/due.ts';
import { hubCounters } from './table.ts';

const PERIOD_MICROS = 1_000_000n;
/** Counters older than this are not being counted. */
const STILL_MICROS = 5n * PERIOD_MICROS;

/** The caller, an operator, watches the counters for a minute, or for a minute more. Changes nothing, so leaves no event. */
export const watchHub = agora.reducer(ctx => {
  requireOperator(ctx);
  withDesk(ctx, desk => {
    const { hubWatch } = ctx.db;
    const row = { watcher: ctx.sender, until: desk.now + BigInt(LIMITS.hubWatchMs) * 1000n };
    if (hubWatch.watcher.find(ctx.sender)) hubWatch.watcher.update(row);
    else hubWatch.insert(row);
    const last = ctx.db.hubCounters.id.find(0);
    if (!last || last.at + STILL_MICROS < desk.now) countAgain(desk);
  });
});

/** Counts, and does so again in a second while somebody watches. */
export function countAgain(desk: Desk): void {
  const { hubWatch, hubCounters } = desk.ctx.db;
  let isWatched = false;
  // At most as many as there are operators.
  for (const { watcher, until } of [...hubWatch.iter()]) {
    if (until > desk.now) isWatched = true;
    else hubWatch.watcher.delete(watcher);
  }
  if (!isWatched) {
    hubCounters.id.delete(0);
    return;
  }
  const last = hubCounters.id.find(0);
  // Somebody else counts already.
  if (last && last.at + PERIOD_MICROS / 2n > desk.now) return;
  const row = count(desk.ctx.db, desk.now);
  if (last) hubCounters.id.update(row);
  else hubCounters.insert(row);
  remember(desk, desk.now + PERIOD_MICROS, 'count', 0n);
}

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

function count(db: Ctx['db'], at: bigint) {
  return {
    id: 0,
    agents: db.agent.count(),
    online: db.attachment.count(),
    messages: db.message.count(),
    waiting: db.waiting.count(),
    offered: db.offer.count(),
    ended: db.ended.count(),
    dead: db.deadLetter.count(),
    asks: db.ask.count(),
    workflows: db.workflowState.count(),
    events: db.eventLog.count(),
    broadcasts: db.broadcastLog.count(),
    storedBytes: db.tally.id.find(0)?.bytes ?? 0n,
    at,
  };
}

// Counters of the whole hub, from the row counts of the tables; refreshed once a second while an operator watches.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

const PERIOD_MICROS = 1_000_000n;
/** Counters older than this are no longer refreshed. */
const STALE_MICROS = 5n * PERIOD_MICROS;

/** Refreshes the counters for the caller during the next minute. */
export function watchCounters(unit: UnitOfWork): void {
  const { hubWatch, hubCounters } = unit.ctx.db;
  const watcher = unit.ctx.sender;
  const row = { watcher, until: unit.now + toMicros(LIMITS.hubWatchMs) };
  if (hubWatch.watcher.find(watcher)) hubWatch.watcher.update(row);
  else hubWatch.insert(row);
  const last = hubCounters.id.find(0);
  if (!last || last.at + STALE_MICROS < unit.now) refreshCounters(unit);
}

/** Refreshes the counters, and schedules the next refresh in a second while an operator watches. */
export function refreshCounters(unit: UnitOfWork): void {
  const { hubWatch, hubCounters } = unit.ctx.db;
  let isWatched = false;
  // At most one row per operator.
  for (const { watcher, until } of [...hubWatch.iter()]) {
    if (until > unit.now) isWatched = true;
    else hubWatch.watcher.delete(watcher);
  }
  if (!isWatched) {
    hubCounters.id.delete(0);
    return;
  }
  const last = hubCounters.id.find(0);
  // Another timer refreshes them already.
  if (last && last.at + PERIOD_MICROS / 2n > unit.now) return;
  const row = currentCounters(unit.ctx.db, unit.now);
  if (last) hubCounters.id.update(row);
  else hubCounters.insert(row);
  schedule(unit, unit.now + PERIOD_MICROS, 'count', 0n);
}

/** Returns the current counters, from the tables' own row counts: reads no rows. */
export function currentCounters(db: Ctx['db'], at: bigint) {
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

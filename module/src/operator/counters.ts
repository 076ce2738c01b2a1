// What operators see of the hub at a glance: counted from what tables know of themselves, once a second while one watches.

import { LIMITS } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

const PERIOD_MICROS = 1_000_000n;
/** Counters older than this are not being counted. */
const STILL_MICROS = 5n * PERIOD_MICROS;

/** The caller watches the counters for the next minute. */
export function watchCounters(unit: UnitOfWork): void {
  const { hubWatch, hubCounters } = unit.ctx.db;
  const watcher = unit.ctx.sender;
  const row = { watcher, until: unit.now + BigInt(LIMITS.hubWatchMs) * 1000n };
  if (hubWatch.watcher.find(watcher)) hubWatch.watcher.update(row);
  else hubWatch.insert(row);
  const last = hubCounters.id.find(0);
  if (!last || last.at + STILL_MICROS < unit.now) countAgain(unit);
}

/** Counts, and does so again in a second while somebody watches. */
export function countAgain(unit: UnitOfWork): void {
  const { hubWatch, hubCounters } = unit.ctx.db;
  let isWatched = false;
  // At most as many as there are operators.
  for (const { watcher, until } of [...hubWatch.iter()]) {
    if (until > unit.now) isWatched = true;
    else hubWatch.watcher.delete(watcher);
  }
  if (!isWatched) {
    hubCounters.id.delete(0);
    return;
  }
  const last = hubCounters.id.find(0);
  // Somebody else counts already.
  if (last && last.at + PERIOD_MICROS / 2n > unit.now) return;
  const row = count(unit.ctx.db, unit.now);
  if (last) hubCounters.id.update(row);
  else hubCounters.insert(row);
  schedule(unit, unit.now + PERIOD_MICROS, 'count', 0n);
}

/** The counters as they are now: the counts that tables keep of themselves, so it reads no rows. */
export function count(db: Ctx['db'], at: bigint) {
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

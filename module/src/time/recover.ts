// Finds lost timers: those whose call failed, was cut by a limit of the server, or lost its schedule row. A failed call is rolled
// back, but the server deletes its schedule row, so the timers remain without a call. Each of them gets a call of its own, so
// that one failing timer affects no other; after `timerTries` failures it is set aside.

import { ScheduleAt } from 'spacetimedb';
import { LIMITS } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { CHUNK, chunkKey, type Due, removeTimer, scheduleAlone, SLOT_MICROS } from './schedule.ts';

/** Time between searches. An interval, since a failure never ends it. */
const INTERVAL_MICROS = 5_000_000n;
/** A slot this far in the past has either been fired, or is searched for lost timers. */
const LOST_AFTER_MICROS = 5_000_000n;
/** The position is stored about once a minute, so that a hub without lost timers writes little. */
const STORE_AFTER = 240n;
/** Slots of one search: 17 minutes, so that a search after a long pause of the hub continues in the next ones. */
const MAX_SLOTS = 4_096n;
/** Timers of one search. */
const MAX_TIMERS = 1_024;

/** Starts the recurring search, from the slots of now on. Also called on connect, for a database that was published by a version without it. */
export function ensureTimerWatch(ctx: Ctx): void {
  if (ctx.db.timerWatch.count() > 0n) return;
  ctx.db.timerWatch.insert({ scheduledId: 0n, scheduledAt: ScheduleAt.interval(INTERVAL_MICROS) });
  if (ctx.db.timerCursor.id.find(0)) return;
  ctx.db.timerCursor.insert({ id: 0, slot: ctx.timestamp.microsSinceUnixEpoch / SLOT_MICROS });
}

/** Searches the slots since the last search. Bound: `MAX_SLOTS` look-ups; `MAX_TIMERS` and one chunk of timers, 3 rows each. */
export function recoverTimers(unit: UnitOfWork, onSetAside: (timer: Due) => void): void {
  const { db } = unit.ctx;
  const stored = db.timerCursor.id.find(0);
  const last = (unit.now - LOST_AFTER_MICROS) / SLOT_MICROS;
  const first = stored?.slot ?? last;
  const end = last < first + MAX_SLOTS ? last : first + MAX_SLOTS;
  let slot = first;
  for (let left = MAX_TIMERS; slot < end && left > 0; slot++) {
    const row = db.dueCount.slot.find(slot);
    if (!row) continue;
    // A chunk has not been fired yet, or continues. The search waits for it here.
    if (isScheduled(db, slot)) break;
    left -= recoverSlot(unit, slot, row.count, left, onSetAside);
    if (left <= 0) break;
    db.dueCount.slot.delete(slot);
  }
  if (!stored) db.timerCursor.insert({ id: 0, slot });
  else if (slot - stored.slot >= STORE_AFTER) db.timerCursor.id.update({ id: 0, slot });
}

function isScheduled(db: Ctx['db'], slot: bigint): boolean {
  for (const _ of db.dueSlot.slot.filter(slot)) return true; // one row for each chunk of the slot
  return false;
}

/** Recovers about `max` timers of a slot, at most a chunk more. Returns how many. */
function recoverSlot(
  unit: UnitOfWork,
  slot: bigint,
  count: number,
  max: number,
  onSetAside: (timer: Due) => void,
): number {
  let recovered = 0;
  for (let chunk = 0; chunk * CHUNK < count && recovered < max; chunk++) {
    for (const row of [...unit.ctx.db.due.chunk.filter(chunkKey(slot, chunk))]) {
      if (!fireAgain(unit, row)) onSetAside(row);
      recovered++;
    }
  }
  return recovered;
}

/** Fires a lost timer again, alone. Returns false if it has failed too often and was set aside. */
function fireAgain(unit: UnitOfWork, row: Due): boolean {
  const { db } = unit.ctx;
  if (row.tries < LIMITS.timerTries) {
    db.due.id.update({ ...row, chunk: scheduleAlone(unit), tries: row.tries + 1 });
    return true;
  }
  removeTimer(unit, row);
  const { id, kind, ref, text } = row;
  if (db.failedTimer.count() < BigInt(LIMITS.failedTimers))
    db.failedTimer.insert({ id, kind, ref, text, at: unit.now });
  return false;
}

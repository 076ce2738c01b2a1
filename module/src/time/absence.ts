// The absence of the hub itself: a restart, or a sleep of its machine. It counts against no lease, no grace and no deadline of work
// in hand, since holders could not reach the hub. A recurring call records that the hub is running; a longer gap in these records is an absence.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/**
 * Records are up to 5 s old (`recover.ts`), and a call may be 2 s late. A shorter absence leaves at least 8 s of the grace, more
 * than the longest pause of a client.
 */
const ABSENT_MICROS = 7_000_000n;

/**
 * Returns the time until which holders have to come back after an absence of the hub; 0 if there was none. Records the first
 * call after an absence.
 */
export function returnPeriodEnd(unit: UnitOfWork): bigint {
  const { hubClock } = unit.ctx.db;
  const clock = hubClock.id.find(0);
  if (!clock) return 0n;
  let { returnedAt } = clock;
  if (unit.now - clock.seenAt > ABSENT_MICROS) {
    returnedAt = unit.now;
    hubClock.id.update({ id: 0, seenAt: unit.now, returnedAt, absentFrom: clock.seenAt });
  }
  return returnedAt === 0n ? 0n : returnedAt + toMicros(LIMITS.graceMs);
}

/**
 * Returns the time to which the deadline of work in hand is moved: one that passed during the last absence, or during the grace
 * after it, by the length of the absence, and at least to the end of that grace. Returns `deadline` otherwise.
 */
export function movedDeadline(unit: UnitOfWork, deadline: bigint): bigint {
  const end = returnPeriodEnd(unit);
  const clock = unit.ctx.db.hubClock.id.find(0);
  if (!clock || end === 0n || deadline <= clock.absentFrom || deadline > end) return deadline;
  const moved = deadline + clock.returnedAt - clock.absentFrom;
  return moved > end ? moved : end;
}

/** Records that the hub is running. Called every 5 s. */
export function recordPresence(unit: UnitOfWork): void {
  const { hubClock } = unit.ctx.db;
  returnPeriodEnd(unit);
  const clock = hubClock.id.find(0);
  if (clock) hubClock.id.update({ ...clock, seenAt: unit.now });
  else hubClock.insert({ id: 0, seenAt: unit.now, returnedAt: 0n, absentFrom: 0n });
}

// The absence of the hub itself: a restart, or a sleep of its machine. It counts against no lease and no grace, since holders
// could not reach the hub. A recurring call records that the hub is running; a longer gap in these records is an absence.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Records are up to 10 s old (`recover.ts`), and a call may be 2 s late. */
const ABSENT_MICROS = 12_000_000n;

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
    hubClock.id.update({ id: 0, seenAt: unit.now, returnedAt });
  }
  return returnedAt === 0n ? 0n : returnedAt + toMicros(LIMITS.graceMs);
}

/** Records that the hub is running. Called every 10 s. */
export function recordPresence(unit: UnitOfWork): void {
  const { hubClock } = unit.ctx.db;
  returnPeriodEnd(unit);
  const clock = hubClock.id.find(0);
  if (clock) hubClock.id.update({ ...clock, seenAt: unit.now });
  else hubClock.insert({ id: 0, seenAt: unit.now, returnedAt: 0n });
}

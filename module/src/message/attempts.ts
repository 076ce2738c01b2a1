// Attempts after which a delivery went back, with their reasons: what the life of a message shows besides its end.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import type { Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Offer } from './offer.ts';

type FailedAttempt = NonNullable<ReturnType<Ctx['db']['failedAttempt']['no']['find']>>;

/** Stores the attempt of a delivery that goes back. A delivery keeps its first `keptAttempts` ones. */
export function recordAttempt(unit: UnitOfWork, { id, agent, sender, attempt }: Offer, reason: string): void {
  if (attempt > LIMITS.keptAttempts) return;
  const no = unit.nextNumber('attempt');
  const row = unit.ctx.db.failedAttempt.insert({ no, delivery: id, agent, sender, attempt, reason, at: unit.now });
  unit.addBytes(sender, bytesOfAttempt(row));
}

/** Deletes an attempt that goes on, since its process has returned. */
export function forgetAttempt(unit: UnitOfWork, delivery: bigint, attempt: number): void {
  for (const row of attemptsOf(unit.ctx.db, delivery)) if (row.attempt === attempt) removeAttempt(unit, row);
}

/** Returns the failed attempts of a delivery in order: at most `keptAttempts`. */
export function attemptsOf(db: Ctx['db'], delivery: bigint): FailedAttempt[] {
  return [...db.failedAttempt.delivery.filter(delivery)].sort((a, b) => a.attempt - b.attempt);
}

/** Deletes a stored attempt. */
export function removeAttempt(unit: UnitOfWork, row: FailedAttempt): void {
  unit.ctx.db.failedAttempt.no.delete(row.no);
  unit.addBytes(row.sender, -bytesOfAttempt(row));
}

function bytesOfAttempt({ reason }: Pick<FailedAttempt, 'reason'>): number {
  return ROW_BYTES.failedAttempt + byteLength(reason);
}

// Timers of deliveries: the end of a lease, of a grace period, of a backoff, of a delay.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import { returnPeriodEnd } from '../time/absence.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { offerWaiting } from './deliver.ts';
import { endWaiting, giveBack } from './end.ts';
import { enqueue, removeWaiting } from './lane.ts';
import { scheduleSweep } from './offer.ts';
import { endOf, mayHaveBegun } from './process.ts';
import { alertIfDeserted } from './queue.ts';
import { isExpired } from './rules.ts';

/**
 * Gives back the deliveries of a mailbox whose lease has ended, or all after its agent was offline for the grace period and for
 * the time that it asked for (`extend`). `at` is the time of the timer: one that an earlier time has replaced is ignored, so that
 * a mailbox has one chain of timers.
 */
export function sweepMailbox(unit: UnitOfWork, agent: bigint, at: string): void {
  const box = unit.box(agent);
  if (!box || at !== String(box.sweepAt)) return;
  box.sweepAt = 0n;
  unit.markBoxChanged(box);
  const until = returnPeriodEnd(unit);
  const ownGraceEnds = box.offlineSince + toMicros(LIMITS.graceMs);
  let graceEnds = ownGraceEnds > until ? ownGraceEnds : until;
  if (box.keptUntil > graceEnds) graceEnds = box.keptUntil;
  const isAbsent = !box.online && graceEnds <= unit.now;
  const mayBegin = isAbsent ? mayHaveBegun(unit.ctx.db, box) : undefined;
  let next = 0n;
  // At most `credit + criticalCredit` deliveries, and the notices.
  for (const { id } of [...unit.ctx.db.offer.agent.filter(agent)]) {
    // Read again: the end of one may have cancelled another of the same workflow.
    const row = unit.ctx.db.offer.id.find(id);
    if (!row || row.attempt === 0) continue;
    if (mayBegin) giveBack(unit, box, row, 'the agent went offline', endOf(box, mayBegin(row)));
    else if (row.leaseUntil <= unit.now && until <= unit.now) giveBack(unit, box, row, 'the lease ended');
    else {
      // Its holder could not extend it while the hub was absent.
      const leaseUntil = row.leaseUntil <= unit.now ? until : row.leaseUntil;
      if (leaseUntil !== row.leaseUntil) unit.ctx.db.offer.id.update({ ...row, leaseUntil });
      if (next === 0n || leaseUntil < next) next = leaseUntil;
    }
  }
  if (!box.online && !isAbsent && (next === 0n || graceEnds < next)) next = graceEnds;
  if (next > 0n) scheduleSweep(unit, box, next);
}

/** Moves a delivery into its lane after its delay or backoff. */
export function requeue(unit: UnitOfWork, delivery: bigint): void {
  const { db } = unit.ctx;
  const row = db.waiting.id.find(delivery);
  // Its process may have returned and given it back again since; then it waits for a later time.
  if (!row || row.lane !== 0 || row.availableAt > unit.now) return;
  const box = unit.box(row.agent);
  if (box) removeWaiting(unit, box, row);
  else db.waiting.id.delete(delivery);
  const message = db.message.id.find(row.message);
  if (!message) return;
  if (!box) return endWaiting(unit, row, message, 'delayed', 'dead-letter', 'its agent was unregistered');
  if (isExpired(message, unit.now))
    return endWaiting(unit, row, message, 'delayed', 'expire', 'its time to live has passed');
  enqueue(unit, box, { ...row, lane: message.priority, availableAt: unit.now });
  offerWaiting(unit, box);
  if (box.waiting === 1) alertIfDeserted(unit, box);
}

/** Continues in a lane with more empty positions at its head than one call skips. */
export function refill(unit: UnitOfWork, mailbox: bigint): void {
  const box = unit.box(mailbox);
  if (box) offerWaiting(unit, box);
}

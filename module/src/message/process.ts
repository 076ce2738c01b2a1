// The process of an agent: which of its deliveries it may have begun, and what a new process, or one that returns, holds.
//
// The hub does not see when a handler begins. A process takes the deliveries of each priority in the order of their offers, and
// handles as many at a time as it has declared (`concurrency`); so it can have begun only the first ones of each priority.

import { LIMITS } from '../contract/limits.ts';
import type { Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { forgetAttempt, recordAttempt } from './attempts.ts';
import { type EndOfAttempt, giveBack, isLast, nextAttempt } from './end.ts';
import { envelopeOf } from './envelope.ts';
import type { Attempt } from './held.ts';
import { removeWaiting, type Waiting } from './lane.ts';
import { nextOffer, type Offer, offerTo, scheduleSweep } from './offer.ts';
import { hasCredit, isSuspect } from './rules.ts';

/** Returns a function that reports if the process of an agent may have begun a delivery that it holds. */
export function mayHaveBegun(db: Ctx['db'], box: Mailbox): (row: Pick<Offer, 'id'>) => boolean {
  const { agent, concurrency } = box;
  if (concurrency === 0) return () => true;
  const begun = new Set<bigint>();
  const counts = new Map<number, number>();
  // At most `credit + criticalCredit` deliveries, and the notices.
  const rows = [...db.offer.agent.filter(agent)].filter(row => row.attempt > 0);
  for (const { id, priority } of rows.sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
    const count = (counts.get(priority) ?? 0) + 1;
    counts.set(priority, count);
    if (count <= concurrency) begun.add(id);
  }
  return row => begun.has(row.id);
}

/** Returns how the attempts of an agent that is offline have ended. */
export function endOf(box: Pick<Mailbox, 'isCut'>, mayHaveBegun: boolean): EndOfAttempt {
  if (!mayHaveBegun) return 'spared';
  return box.isCut ? 'crash' : 'try';
}

/**
 * A new process of an agent, whose earlier one has ended without a detach: what the earlier one held is a new attempt. A
 * delivery that ended several processes goes back, to be offered alone. Bound: the credit of the agent.
 */
export function beginProcess(unit: UnitOfWork, box: Mailbox): void {
  if (!box.isCut) return;
  const { db } = unit.ctx;
  const mayBegin = mayHaveBegun(db, box);
  for (const { id } of [...db.offer.agent.filter(box.agent)].sort((a, b) => (a.seq < b.seq ? -1 : 1))) {
    const row = db.offer.id.find(id);
    // A delivery that the agent keeps without a connection is in no process.
    if (!row || row.attempt === 0 || (row.leaseUntil <= box.keptUntil && row.leaseUntil > unit.now)) continue;
    const how = endOf(box, mayBegin(row));
    const next = nextAttempt(row, how);
    const reason = 'the process of the agent ended';
    if (isLast(row, how) || (how === 'crash' && isSuspect(next.crashes))) giveBack(unit, box, row, reason, how);
    else {
      recordAttempt(unit, row, reason);
      const leaseUntil = unit.now + toMicros(LIMITS.leaseMs);
      db.offer.id.update({ ...row, ...next, leaseUntil, seq: nextOffer(unit, box) });
      scheduleSweep(unit, box, leaseUntil);
    }
  }
}

/**
 * The process of an agent returns, and names what it holds: their leases begin again, since it could not extend them. It keeps
 * those that went back after the grace and that no other agent was offered since. Bound: `holds`.
 */
export function keepHeld(unit: UnitOfWork, box: Mailbox, holds: readonly Attempt[]): void {
  const { db } = unit.ctx;
  const leaseUntil = unit.now + toMicros(LIMITS.leaseMs);
  for (const { delivery, attempt } of holds) {
    const held = db.offer.id.find(delivery);
    if (held && held.agent === box.agent && held.attempt === attempt && held.leaseUntil < leaseUntil && attempt > 0) {
      db.offer.id.update({ ...held, leaseUntil });
    }
    const row = db.waiting.id.find(delivery);
    if (!row || row.holder !== box.agent || row.attempt !== attempt + 1 || !hasCredit(box)) continue;
    takeBack(unit, box, row);
  }
}

function takeBack(unit: UnitOfWork, box: Mailbox, row: Waiting): void {
  const message = unit.ctx.db.message.id.find(row.message);
  const home = unit.box(row.agent);
  if (!message || !home) return;
  removeWaiting(unit, home, row);
  // It was not lost with the process: its attempt goes on.
  const attempt = row.attempt - 1;
  forgetAttempt(unit, row.id, attempt);
  const spared = Math.min(row.spared, attempt - 1);
  offerTo(
    unit,
    box,
    { id: row.id, attempt, spared, crashes: Math.max(0, row.crashes - 1) },
    message,
    envelopeOf(message),
  );
}

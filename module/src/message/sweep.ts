// What happens to deliveries by itself: leases that end, agents that went away, backoffs and delays that are over.

import { LIMITS } from '../contract/limits.ts';
import { type Mailbox, mailboxOfDelivery, type UnitOfWork } from '../unit-of-work.ts';
import { offerWaiting } from './deliver.ts';
import { endOffered, endWaiting, giveBack, isOver } from './end.ts';
import { enqueue } from './lane.ts';
import { sweepLater } from './offer.ts';
import { alertIfDeserted } from './queue.ts';

/** Gives back what is overdue: leases that ended, and everything once an agent stayed away for the grace period. */
export function sweepMailbox(unit: UnitOfWork, agent: bigint): void {
  const box = unit.box(agent);
  if (!box) return;
  box.sweepAt = 0n;
  unit.changed(box);
  const graceEnds = box.offlineSince + BigInt(LIMITS.graceMs) * 1000n;
  const isAway = !box.online && graceEnds <= unit.now;
  let next = 0n;
  // At most `credit + criticalCredit` duties, and the notices the agent has not taken yet.
  for (const { id } of [...unit.ctx.db.offer.agent.filter(agent)]) {
    // Read again: the end of one may have called off another of the same workflow.
    const row = unit.ctx.db.offer.id.find(id);
    if (!row || row.attempt === 0) continue;
    if (isAway) giveBack(unit, box, row, 'the agent went away');
    else if (row.leaseUntil <= unit.now) giveBack(unit, box, row, 'the lease ended');
    else if (next === 0n || row.leaseUntil < next) next = row.leaseUntil;
  }
  if (!box.online && !isAway && (next === 0n || graceEnds < next)) next = graceEnds;
  if (next > 0n) sweepLater(unit, box, next);
}

/** The delay or the backoff of a delivery is over: it stands in its lane (again). */
export function requeue(unit: UnitOfWork, delivery: bigint): void {
  const { db } = unit.ctx;
  const row = db.waiting.id.find(delivery);
  if (!row || row.lane !== 0) return;
  db.waiting.id.delete(delivery);
  const box = unit.box(row.agent);
  const message = db.message.id.find(row.message);
  if (!message) return;
  if (!box) return endWaiting(unit, row, message, 'delayed', 'give-up', 'its agent was unregistered');
  if (isOver(unit, message)) return endWaiting(unit, row, message, 'delayed', 'expire', 'its time to live is over');
  enqueue(unit, box, { ...row, lane: message.priority, availableAt: unit.now });
  offerWaiting(unit, box);
  if (box.waiting === 1) alertIfDeserted(unit, box);
}

/** Goes on where a lane had more removed positions at its head than one call skips. */
export function refill(unit: UnitOfWork, mailbox: bigint): void {
  const box = unit.box(mailbox);
  if (box) offerWaiting(unit, box);
}

/** The mailbox of an agent that is gone: what it holds is dead, unless it came from a work queue, where it goes back to. */
export function deadLetterOffers(unit: UnitOfWork, box: Mailbox, reason: string): void {
  // At most `credit + criticalCredit` duties, and its notices.
  for (const { id } of [...unit.ctx.db.offer.agent.filter(box.agent)]) {
    const row = unit.ctx.db.offer.id.find(id); // read again, as above
    if (!row || row.attempt === 0) continue;
    if (row.agent === mailboxOfDelivery(row.id))
      endOffered(unit, box, row, 'give-up', reason, { status: 'error', error: reason });
    else giveBack(unit, box, row, reason);
  }
  // Those it had, and those that its own end has just made.
  unit.ctx.db.offer.agent.delete(box.agent);
  unit.ctx.db.notice.agent.delete(box.agent);
}

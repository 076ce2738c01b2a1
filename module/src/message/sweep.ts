// What happens to deliveries by itself: leases that end, agents that went away, backoffs and delays that are over.

import { LIMITS } from '../contract/limits.ts';
import { mailboxOfDelivery, type Desk, type Mailbox } from '../desk.ts';
import { offerWaiting } from './deliver.ts';
import { endOffered, endWaiting, giveBack, isOver } from './end.ts';
import { enqueue } from './lane.ts';
import { sweepLater } from './offer.ts';
import { alertIfDeserted } from './queue.ts';

/** Gives back what is overdue: leases that ended, and everything once an agent stayed away for the grace period. */
export function sweepMailbox(desk: Desk, agent: bigint): void {
  const box = desk.box(agent);
  if (!box) return;
  box.sweepAt = 0n;
  desk.changed(box);
  const graceEnds = box.offlineSince + BigInt(LIMITS.graceMs) * 1000n;
  const isAway = !box.online && graceEnds <= desk.now;
  let next = 0n;
  // At most `credit + criticalCredit` duties, and the notices the agent has not taken yet.
  for (const { id } of [...desk.ctx.db.offer.agent.filter(agent)]) {
    // Read again: the end of one may have called off another of the same workflow.
    const row = desk.ctx.db.offer.id.find(id);
    if (!row || row.attempt === 0) continue;
    if (isAway) giveBack(desk, box, row, 'the agent went away');
    else if (row.leaseUntil <= desk.now) giveBack(desk, box, row, 'the lease ended');
    else if (next === 0n || row.leaseUntil < next) next = row.leaseUntil;
  }
  if (!box.online && !isAway && (next === 0n || graceEnds < next)) next = graceEnds;
  if (next > 0n) sweepLater(desk, box, next);
}

/** The delay or the backoff of a delivery is over: it stands in its lane (again). */
export function requeue(desk: Desk, delivery: bigint): void {
  const { db } = desk.ctx;
  const row = db.waiting.id.find(delivery);
  if (!row || row.lane !== 0) return;
  db.waiting.id.delete(delivery);
  const box = desk.box(row.agent);
  const message = db.message.id.find(row.message);
  if (!message) return;
  if (!box) return endWaiting(desk, row, message, 'delayed', 'give-up', 'its agent was unregistered');
  if (isOver(desk, message)) return endWaiting(desk, row, message, 'delayed', 'expire', 'its time to live is over');
  enqueue(desk, box, { ...row, lane: message.priority, availableAt: desk.now });
  offerWaiting(desk, box);
  if (box.waiting === 1) alertIfDeserted(desk, box);
}

/** Goes on where a lane had more removed positions at its head than one call skips. */
export function refill(desk: Desk, mailbox: bigint): void {
  const box = desk.box(mailbox);
  if (box) offerWaiting(desk, box);
}

/** The mailbox of an agent that is gone: what it holds is dead, unless it came from a work queue, where it goes back to. */
export function buryOffers(desk: Desk, box: Mailbox, reason: string): void {
  // At most `credit + criticalCredit` duties, and its notices.
  for (const { id } of [...desk.ctx.db.offer.agent.filter(box.agent)]) {
    const row = desk.ctx.db.offer.id.find(id); // read again, as above
    if (!row || row.attempt === 0) continue;
    if (row.agent === mailboxOfDelivery(row.id))
      endOffered(desk, box, row, 'give-up', reason, { status: 'error', error: reason });
    else giveBack(desk, box, row, reason);
  }
  // Those it had, and those that its own end has just made.
  desk.ctx.db.offer.agent.delete(box.agent);
  desk.ctx.db.notice.agent.delete(box.agent);
}

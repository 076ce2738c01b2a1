// Finds the held delivery that an act names. Each act names its attempt, so that a late act never settles a later attempt; a
// refusal reports the state of the delivery.

import { isSame } from '../access.ts';
import type { DeliveryState } from '../contract/words.ts';
import { isQueue, type Mailbox, mailboxOfDelivery } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Offer } from './offer.ts';

/** Names one attempt of a delivery. */
export interface Attempt {
  readonly delivery: bigint;
  readonly attempt: number;
}

/** An offered row, and the mailbox of its holder. */
export interface Held {
  readonly box: Mailbox;
  readonly row: Offer;
}

/**
 * Returns the offered row that an act of its holder names, or undefined if the act was performed before; else refuses. `end`
 * is the state after the act: a delivery in that state shows a repeated act (one put back after its last attempt is dead).
 * `delayed` means back. An act without `end` is never a repeated one.
 */
export function findHeld(unit: UnitOfWork, act: Attempt, end?: DeliveryState): Held | undefined {
  const row = unit.ctx.db.offer.id.find(act.delivery);
  if (row) return heldBy(unit, act, row);
  // A notice without a row was acknowledged: it leaves the inbox in no other way.
  if (act.attempt === 0 && unit.isOwn(noticeAgent(unit, act.delivery))) return undefined;
  refuseUnlessDone(unit, act, end);
  return undefined;
}

/** Returns the agent that a notice was for. One about a delivery of a work queue was for its last holder. */
function noticeAgent(unit: UnitOfWork, delivery: bigint): bigint {
  const home = mailboxOfDelivery(unit.ctx.db, delivery);
  return isQueue(home) ? (unit.ctx.db.ended.id.find(delivery)?.agent ?? home) : home;
}

/** Returns the held delivery that an act names, or refuses: it must be neither ended nor a notice. */
export function requireHeld(unit: UnitOfWork, act: Attempt): Held {
  const found = findHeld(unit, act);
  if (!found) refuse('delivery/ended', `delivery ${act.delivery} is a notice that was acknowledged`);
  refuseNotice(found.row);
  return found;
}

/** Refuses a notice, for acts that settle work. */
export function refuseNotice(row: Offer): void {
  if (row.attempt === 0) refuse('delivery/ended', `delivery ${row.id} is a notice; acknowledge it`);
}

function heldBy(unit: UnitOfWork, act: Attempt, row: Offer): Held {
  const box = unit.box(row.agent);
  if (!box || !isSame(row.owner, unit.ctx.sender)) {
    if (act.attempt < row.attempt && mayHaveHeld(unit, act.delivery)) {
      refuse('delivery/stale-attempt', `delivery ${act.delivery} was taken back, and another agent holds it now`);
    }
    refuseUnknown(act);
  }
  if (row.attempt === act.attempt) return { box, row };
  if (row.kind === 'cancelled') {
    refuse('delivery/cancelled', `delivery ${act.delivery} was cancelled by its sender; it needs no more work`);
  }
  refuse(
    'delivery/stale-attempt',
    `delivery ${act.delivery} is at attempt ${row.attempt}; attempt ${act.attempt} was taken back`,
  );
}

/** Refuses with the state of a delivery that is not offered, unless the act itself has led to it. */
function refuseUnlessDone(unit: UnitOfWork, act: Attempt, end: DeliveryState | undefined): void {
  const isBack = end === 'delayed';
  const { db } = unit.ctx;
  const ended = db.ended.id.find(act.delivery);
  if (ended) {
    const isEarlier = act.attempt < ended.attempt && mayHaveHeld(unit, act.delivery);
    if (!unit.isOwn(ended.agent) && !isEarlier) refuseUnknown(act);
    if (ended.attempt !== act.attempt) {
      refuse('delivery/stale-attempt', `delivery ${act.delivery} ended as ${ended.state} at attempt ${ended.attempt}`);
    }
    if (end === ended.state || (isBack && (ended.state === 'dead' || ended.state === 'expired'))) return;
    refuse(
      ended.state === 'cancelled' ? 'delivery/cancelled' : 'delivery/ended',
      `delivery ${act.delivery} has ended as ${ended.state}`,
    );
  }
  const waiting = db.waiting.id.find(act.delivery);
  const home = mailboxOfDelivery(unit.ctx.db, act.delivery);
  if (!waiting || !unit.isOwn(isQueue(home) ? waiting.holder : home)) refuseUnknown(act);
  if (isBack && waiting.attempt === act.attempt + 1) return;
  refuse(
    act.attempt < waiting.attempt ? 'delivery/stale-attempt' : 'delivery/not-offered',
    `delivery ${act.delivery} is waiting for attempt ${waiting.attempt}`,
  );
}

/** Returns true if an agent of the caller may have held a delivery of a work queue: it announces that capability. */
function mayHaveHeld(unit: UnitOfWork, delivery: bigint): boolean {
  const queue = unit.box(mailboxOfDelivery(unit.ctx.db, delivery));
  if (!queue || !isQueue(queue.agent)) return false;
  // At most `agentsPerIdentity` rows, and only on the way to a refusal.
  for (const { capabilities } of unit.ctx.db.agent.owner.filter(unit.ctx.sender)) {
    if (capabilities.includes(queue.name.slice(1))) return true;
  }
  return false;
}

function refuseUnknown(act: Attempt): never {
  refuse('delivery/unknown', `there is no delivery ${act.delivery} of yours`);
}

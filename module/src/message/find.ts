// The delivery that an act names. Every act names its attempt, so that a late one never settles a later attempt; a refusal
// says what has become of the delivery.

import { isSame } from '../access.ts';
import type { DeliveryState } from '../contract/words.ts';
import { refuse } from '../refuse.ts';
import { isQueue, type Mailbox, mailboxOfDelivery, type UnitOfWork } from '../unit-of-work.ts';
import type { Offer } from './offer.ts';

/** Names an offered delivery. */
export interface Attempt {
  readonly delivery: bigint;
  readonly attempt: number;
}

/** An offered row and the mailbox of the agent that it is offered to. */
export interface Held {
  readonly box: Mailbox;
  readonly row: Offer;
}

/**
 * The offered row of the caller that an act names, or undefined when there is nothing more to do, since it was done before.
 * `end` is what the act makes of a delivery: found so already, the act was made before (given back after its last attempt, a
 * delivery is dead); `tried` is back, or, of a step that says itself how often it is tried, failed. An act without an end cannot have been made before.
 */
export function find(unit: UnitOfWork, act: Attempt, end?: DeliveryState | 'tried'): Held | undefined {
  const row = unit.ctx.db.offer.id.find(act.delivery);
  if (row) return held(unit, act, row);
  // A notice that is gone was acknowledged: it can leave the inbox in no other way.
  if (act.attempt === 0 && isMine(unit, noticeOf(unit, act.delivery))) return undefined;
  refuseUnlessDone(unit, act, end);
  return undefined;
}

/** Whose a notice was: one about a delivery of a work queue went to its last holder. */
function noticeOf(unit: UnitOfWork, delivery: bigint): bigint {
  const home = mailboxOfDelivery(delivery);
  return isQueue(home) ? (unit.ctx.db.ended.id.find(delivery)?.agent ?? home) : home;
}

/** The duty of the caller that an act names. */
export function findHeld(unit: UnitOfWork, act: Attempt): Held {
  const found = find(unit, act);
  if (!found) refuse('delivery/ended', `delivery ${act.delivery} is a notice that was taken`);
  refuseNotice(found.row);
  return found;
}

/** Refuses what only a duty can be asked. */
export function refuseNotice(row: Offer): void {
  if (row.attempt === 0) refuse('delivery/ended', `delivery ${row.id} is a notice; acknowledge it`);
}

function held(unit: UnitOfWork, act: Attempt, row: Offer): Held {
  const box = unit.box(row.agent);
  if (!box || !isSame(row.owner, unit.ctx.sender)) {
    if (act.attempt < row.attempt && mayHaveHeld(unit, act.delivery)) {
      refuse('delivery/stale-attempt', `delivery ${act.delivery} was taken back, and another agent has it now`);
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

/** Nothing is offered under this number: refuses by what has become of it, unless the act itself has done that. */
function refuseUnlessDone(unit: UnitOfWork, act: Attempt, end: DeliveryState | 'tried' | undefined): void {
  const isBack = end === 'delayed' || end === 'tried';
  const { db } = unit.ctx;
  const ended = db.ended.id.find(act.delivery);
  if (ended) {
    const isEarlier = act.attempt < ended.attempt && mayHaveHeld(unit, act.delivery);
    if (!isMine(unit, ended.agent) && !isEarlier) refuseUnknown(act);
    if (ended.attempt !== act.attempt) {
      refuse('delivery/stale-attempt', `delivery ${act.delivery} ended as ${ended.state} at attempt ${ended.attempt}`);
    }
    if (end === ended.state || (isBack && (ended.state === 'dead' || ended.state === 'expired'))) return;
    if (end === 'tried' && ended.state === 'failed') return;
    refuse(
      ended.state === 'cancelled' ? 'delivery/cancelled' : 'delivery/ended',
      `delivery ${act.delivery} has ended as ${ended.state}`,
    );
  }
  const waiting = db.waiting.id.find(act.delivery);
  const home = mailboxOfDelivery(act.delivery);
  if (!waiting || !isMine(unit, isQueue(home) ? waiting.holder : home)) refuseUnknown(act);
  if (isBack && waiting.attempt === act.attempt + 1) return;
  refuse(
    act.attempt < waiting.attempt ? 'delivery/stale-attempt' : 'delivery/not-offered',
    `delivery ${act.delivery} is waiting for attempt ${waiting.attempt}`,
  );
}

/** Whether a delivery of a work queue may have been the caller's before: an agent of its takes from that queue. */
function mayHaveHeld(unit: UnitOfWork, delivery: bigint): boolean {
  const queue = unit.box(mailboxOfDelivery(delivery));
  if (!queue || !isQueue(queue.agent)) return false;
  // At most `agentsPerIdentity`, and only for what is refused anyway.
  for (const { capabilities } of unit.ctx.db.agent.owner.filter(unit.ctx.sender)) {
    if (capabilities.includes(queue.name.slice(1))) return true;
  }
  return false;
}

function isMine(unit: UnitOfWork, agent: bigint): boolean {
  const box = unit.box(agent);
  return box !== undefined && isSame(box.owner, unit.ctx.sender);
}

function refuseUnknown(act: Attempt): never {
  refuse('delivery/unknown', `there is no delivery ${act.delivery} of yours`);
}

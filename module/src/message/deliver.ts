// Brings a message to a mailbox, and offers what may be offered. Which delivery is next is decided here and nowhere else.
//
// I1  A mailbox holds at most `credit` deliveries, and `criticalCredit` critical ones beyond.
// I2  After every call: either nothing waits that the credit would let through, or the agent is offline, or so much was
//     removed at the head of a lane that the rest is skipped in a call of its own.
// I3  What is offered is what `chooseHead` chooses among the heads of the lanes: the agent's own, and, when it was not free
//     before, those of the queues of its capabilities.

import { PRIORITY, type Priority } from '../contract/words.ts';
import { isQueue, type Mailbox, type UnitOfWork } from '../unit-of-work.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { delay, enqueue, headOf, isLaneEmpty, takeHead, type Waiting } from './lane.ts';
import { offerTo } from './offer.ts';
import { alertIfDeserted, isFree, pickReady, queuesOf, standReady, stepBack } from './queue.ts';
import { chooseHead, hasCredit, hasCriticalCredit, LANES } from './rules.ts';

/** A new delivery of `message`: offered at once if nothing stands before it, queued or delayed otherwise. Returns its number. */
export function deliver(unit: UnitOfWork, box: Mailbox, message: Message, envelope: string): bigint {
  const id = unit.nextDelivery(box);
  const account = unit.account(message.sender);
  account.unfinished++;
  unit.charged(account);
  const row = { id, message: message.id, attempt: 1, holder: 0n };
  if (message.delayMs > 0n) {
    delay(unit, box, { ...row, availableAt: unit.now + message.delayMs * 1000n });
    return id;
  }
  if (box.waiting > 0 && !mayPassOthers(unit, box, message)) {
    enqueue(unit, box, { ...row, lane: message.priority, availableAt: unit.now });
    return id;
  }
  const pick = isQueue(box.agent) ? pickReady(unit, box) : undefined;
  if (pick) {
    offerTo(unit, pick.box, id, message, 1, envelope);
    stepBack(unit, box, pick);
  } else if (mayTake(box, message)) {
    offerTo(unit, box, id, message, 1, envelope);
    standReady(unit, box);
  } else {
    enqueue(unit, box, { ...row, lane: message.priority, availableAt: unit.now });
    alertIfDeserted(unit, box);
  }
  return id;
}

/** A critical delivery is held up by critical ones only. */
function mayPassOthers(unit: UnitOfWork, box: Mailbox, message: Message): boolean {
  if (message.priority !== PRIORITY.critical || isQueue(box.agent) || hasCredit(box)) return false;
  return headOf(unit, box, PRIORITY.critical) === undefined && isLaneEmpty(box, PRIORITY.critical);
}

/** Whether the agent of a mailbox has credit for a message. A queue has none of its own. */
function mayTake(box: Mailbox, message: Message): boolean {
  return hasCredit(box) || (message.priority === PRIORITY.critical && hasCriticalCredit(box));
}

/** A waiting delivery at the head of a lane, and the mailbox it waits in. */
interface Head extends Waiting {
  readonly source: Mailbox;
}

/** Offers an agent what waits, best rank first, as far as its credit goes. At most `credit + criticalCredit` rounds. */
export function fill(unit: UnitOfWork, box: Mailbox): void {
  const heads = headsFor(unit, box);
  while (heads.length > 0) {
    const next = chooseHead(hasCredit(box) ? heads : heads.filter(head => isCriticalOf(head, box)), box.strict);
    if (!next || !hasCriticalCredit(box)) break;
    heads.splice(heads.indexOf(next), 1);
    takeHead(unit, next.source, next);
    const message = unit.ctx.db.message.id.find(next.message);
    if (message) offerTo(unit, box, next.id, message, next.attempt, envelopeOf(message));
    const following = headOf(unit, next.source, next.lane as Priority); // lanes are numbered by priority
    if (following) heads.push({ ...following, source: next.source });
  }
  standReady(unit, box);
}

function headsFor(unit: UnitOfWork, box: Mailbox): Head[] {
  const heads: Head[] = [];
  if (!hasCriticalCredit(box)) return heads;
  // Whoever was free before stands in the lists of its queues, so nothing waits there.
  const queues = isFree(box) && !box.isReady ? queuesOf(unit, box) : [];
  for (const source of [box, ...queues]) {
    if (source.waiting === 0) continue;
    for (const lane of LANES) {
      const head = headOf(unit, source, lane);
      if (head) heads.push({ ...head, source });
    }
  }
  return heads;
}

function isCriticalOf(head: Head, box: Mailbox): boolean {
  return head.lane === PRIORITY.critical && head.source === box;
}

/** Offers what waits in a queue to agents that are free. At most as many rounds as they have credit. */
export function assign(unit: UnitOfWork, queue: Mailbox): void {
  while (queue.waiting > 0) {
    const heads = LANES.flatMap(lane => headOf(unit, queue, lane) ?? []);
    const next = chooseHead(heads, false);
    const pick = next && pickReady(unit, queue);
    if (!next || !pick) return;
    takeHead(unit, queue, next);
    const message = unit.ctx.db.message.id.find(next.message);
    if (message) offerTo(unit, pick.box, next.id, message, next.attempt, envelopeOf(message));
    stepBack(unit, queue, pick);
  }
}

/** Offers what waits in a mailbox, be it an agent's or a queue. */
export function offerWaiting(unit: UnitOfWork, box: Mailbox): void {
  if (isQueue(box.agent)) assign(unit, box);
  else fill(unit, box);
}

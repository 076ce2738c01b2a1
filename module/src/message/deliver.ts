// Brings a message to a mailbox, and offers what may be offered. Which delivery is next is decided here and nowhere else.
//
// I1  A mailbox holds at most `credit` deliveries, and `criticalCredit` critical ones beyond.
// I2  After every call: either nothing waits that the credit would let through, or the agent is offline, or so much was
//     removed at the head of a lane that the rest is skipped in a call of its own.
// I3  What is offered is what `chooseHead` chooses among the heads of the lanes: the agent's own, and, when it was not free
//     before, those of the queues of its capabilities.

import { PRIORITY, type Priority } from '../contract/words.ts';
import { isQueue, type Desk, type Mailbox } from '../desk.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { delay, enqueue, headOf, isLaneEmpty, takeHead, type Waiting } from './lane.ts';
import { offerTo } from './offer.ts';
import { alertIfDeserted, isFree, pickReady, queuesOf, standReady, stepBack } from './queue.ts';
import { chooseHead, hasCredit, hasCriticalCredit, LANES } from './rules.ts';

/** A new delivery of `message`: offered at once if nothing stands before it, queued or delayed otherwise. Returns its number. */
export function deliver(desk: Desk, box: Mailbox, message: Message, envelope: string): bigint {
  const id = desk.nextDelivery(box);
  const account = desk.account(message.sender);
  account.unfinished++;
  desk.charged(account);
  const row = { id, message: message.id, attempt: 1, holder: 0n };
  if (message.delayMs > 0n) {
    delay(desk, box, { ...row, availableAt: desk.now + message.delayMs * 1000n });
    return id;
  }
  if (box.waiting > 0 && !mayPassOthers(desk, box, message)) {
    enqueue(desk, box, { ...row, lane: message.priority, availableAt: desk.now });
    return id;
  }
  const pick = isQueue(box.agent) ? pickReady(desk, box) : undefined;
  if (pick) {
    offerTo(desk, pick.box, id, message, 1, envelope);
    stepBack(desk, box, pick);
  } else if (mayTake(box, message)) {
    offerTo(desk, box, id, message, 1, envelope);
    standReady(desk, box);
  } else {
    enqueue(desk, box, { ...row, lane: message.priority, availableAt: desk.now });
    alertIfDeserted(desk, box);
  }
  return id;
}

/** A critical delivery is held up by critical ones only. */
function mayPassOthers(desk: Desk, box: Mailbox, message: Message): boolean {
  if (message.priority !== PRIORITY.critical || isQueue(box.agent) || hasCredit(box)) return false;
  return headOf(desk, box, PRIORITY.critical) === undefined && isLaneEmpty(box, PRIORITY.critical);
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
export function fill(desk: Desk, box: Mailbox): void {
  const heads = headsFor(desk, box);
  while (heads.length > 0) {
    const next = chooseHead(hasCredit(box) ? heads : heads.filter(head => isCriticalOf(head, box)), box.strict);
    if (!next || !hasCriticalCredit(box)) break;
    heads.splice(heads.indexOf(next), 1);
    takeHead(desk, next.source, next);
    const message = desk.ctx.db.message.id.find(next.message);
    if (message) offerTo(desk, box, next.id, message, next.attempt, envelopeOf(message));
    const following = headOf(desk, next.source, next.lane as Priority); // lanes are numbered by priority
    if (following) heads.push({ ...following, source: next.source });
  }
  standReady(desk, box);
}

function headsFor(desk: Desk, box: Mailbox): Head[] {
  const heads: Head[] = [];
  if (!hasCriticalCredit(box)) return heads;
  // Whoever was free before stands in the lists of its queues, so nothing waits there.
  const queues = isFree(box) && !box.isReady ? queuesOf(desk, box) : [];
  for (const source of [box, ...queues]) {
    if (source.waiting === 0) continue;
    for (const lane of LANES) {
      const head = headOf(desk, source, lane);
      if (head) heads.push({ ...head, source });
    }
  }
  return heads;
}

function isCriticalOf(head: Head, box: Mailbox): boolean {
  return head.lane === PRIORITY.critical && head.source === box;
}

/** Offers what waits in a queue to agents that are free. At most as many rounds as they have credit. */
export function assign(desk: Desk, queue: Mailbox): void {
  while (queue.waiting > 0) {
    const heads = LANES.flatMap(lane => headOf(desk, queue, lane) ?? []);
    const next = chooseHead(heads, false);
    const pick = next && pickReady(desk, queue);
    if (!next || !pick) return;
    takeHead(desk, queue, next);
    const message = desk.ctx.db.message.id.find(next.message);
    if (message) offerTo(desk, pick.box, next.id, message, next.attempt, envelopeOf(message));
    stepBack(desk, queue, pick);
  }
}

/** Offers what waits in a mailbox, be it an agent's or a queue. */
export function offerWaiting(desk: Desk, box: Mailbox): void {
  if (isQueue(box.agent)) assign(desk, box);
  else fill(desk, box);
}

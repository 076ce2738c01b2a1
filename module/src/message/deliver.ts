// Creates deliveries, and offers them as credit allows. Only this file decides which delivery is offered next.
//
// I1  A mailbox holds at most `credit` deliveries, and `criticalCredit` critical ones in addition.
// I2  After every call, no delivery waits that the credit allows, except if the agent is offline, or if so many positions at
//     the head of a lane are empty or withdrawn that a separate call skips the rest.
// I3  The next offer is the choice of `chooseHead` among the heads of the agent's lanes and, if the agent was not free
//     before, of the work queues of its capabilities.
// I4  A delivery whose attempts repeatedly ended with the process of their holder is held alone: it is offered when its agent
//     holds nothing else, and nothing is offered beside it. One of a work queue goes to the agent that holds the fewest.

import { PRIORITY, type Priority } from '../contract/words.ts';
import { isQueue, type Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { withdrawalOf } from './ask.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { delay, enqueue, headOf, isLaneEmpty, takeHead, type Waiting } from './lane.ts';
import { offerTo } from './offer.ts';
import { alertIfDeserted, isFree, moveToEnd, pickReady, queuesOf, syncReady } from './queue.ts';
import { chooseHead, hasCredit, hasCriticalCredit, isSuspect, LANES, move } from './rules.ts';

/** Withdrawn asks that one call takes from a lane; a separate call takes the rest. */
const MAX_WITHDRAWN = 256;
/** Characters of an envelope that is stored with a queued delivery. */
const SHORT_ENVELOPE = 1_024;

/** Creates a delivery of `message` and returns its id. Offers it immediately when the lane is empty and credit is free; else it is queued, or delayed. */
export function deliver(unit: UnitOfWork, box: Mailbox, message: Message, envelope: string): bigint {
  const id = unit.nextDelivery(box);
  const account = unit.account(message.sender);
  account.unfinished++;
  unit.markAccountChanged(account);
  const row = { id, message: message.id, attempt: 1, holder: 0n, spared: 0, crashes: 0 };
  if (message.delayMs > 0n) {
    delay(unit, box, { ...row, availableAt: unit.now + toMicros(message.delayMs) }, message.sender);
    return id;
  }
  const queued = { ...row, lane: message.priority, availableAt: unit.now, ...shortOf(message, envelope) };
  if (box.waiting > 0 && !mayPassOthers(unit, box, message)) {
    enqueue(unit, box, queued);
    return id;
  }
  const pick = isQueue(box.agent) ? pickReady(unit, box) : undefined;
  if (pick) {
    offerTo(unit, pick.box, row, message, envelope);
    moveToEnd(unit, box, pick);
  } else if (mayTake(box, message)) {
    offerTo(unit, box, row, message, envelope);
    syncReady(unit, box);
  } else {
    enqueue(unit, box, queued);
    alertIfDeserted(unit, box, message.sender);
  }
  return id;
}

/** Returns the columns by which a short plain message is offered without reading it again; empty for any other. */
function shortOf({ kind, sender }: Message, envelope: string): Pick<Waiting, 'envelope' | 'sender'> {
  const isShort = kind === 'message' && envelope.length <= SHORT_ENVELOPE;
  return { envelope: isShort ? envelope : '', sender };
}

/** Returns true if a critical delivery may pass the waiting ones: only critical ones hold it back. */
function mayPassOthers(unit: UnitOfWork, box: Mailbox, message: Message): boolean {
  if (message.priority !== PRIORITY.critical || isQueue(box.agent) || hasCredit(box)) return false;
  return headOf(unit, box, PRIORITY.critical) === undefined && isLaneEmpty(box, PRIORITY.critical);
}

/** Returns true if the agent of a mailbox has credit for a message. A work queue never has. */
function mayTake(box: Mailbox, message: Message): boolean {
  return hasCredit(box) || (message.priority === PRIORITY.critical && hasCriticalCredit(box));
}

/** The delivery at the head of a lane, and the mailbox of that lane. */
interface Head extends Waiting {
  readonly source: Mailbox;
}

/** Offers waiting deliveries to an agent, best rank first, as far as its credit allows. At most `credit + criticalCredit` rounds. */
export function fillCredit(unit: UnitOfWork, box: Mailbox): void {
  const heads = headsFor(unit, box);
  let withdrawn = 0;
  while (heads.length > 0) {
    const next = chooseHead(hasCredit(box) ? heads : heads.filter(head => isCriticalOf(head, box)), box.strict);
    if (!next || !hasCriticalCredit(box)) break;
    if (isSuspect(next.crashes) && next.source === box && box.held > 0) {
      // I4: nothing else is offered until the others have ended.
      box.isAlone = true;
      unit.markBoxChanged(box);
      break;
    }
    heads.splice(heads.indexOf(next), 1);
    takeHead(unit, next.source, next);
    if (!offerNext(unit, box, next) && ++withdrawn === MAX_WITHDRAWN)
      return schedule(unit, unit.now, 'refill', box.agent);
    // The usual end: the credit is used up, and no further head is read.
    if (!hasCriticalCredit(box) || (!hasCredit(box) && isLaneEmpty(box, PRIORITY.critical))) break;
    const following = headOf(unit, next.source, next.lane as Priority); // lanes are numbered by priority
    if (following) heads.push({ ...following, source: next.source });
  }
  syncReady(unit, box);
}

/** Offers a delivery that was taken from its lane. Returns false if it ended instead, since it is an ask that was withdrawn. */
function offerNext(unit: UnitOfWork, box: Mailbox, next: Waiting): boolean {
  if (next.envelope !== '') {
    const { message, lane: priority, sender, envelope } = next;
    offerTo(unit, box, next, { id: message, kind: 'message', priority, sender }, envelope);
    return true;
  }
  const message = unit.ctx.db.message.id.find(next.message);
  if (!message) return false;
  if (withdrawalOf(unit, message, next.attempt - next.spared) !== undefined) {
    endWithdrawn(unit, next, message);
    return false;
  }
  offerTo(unit, box, next, message, envelopeOf(message));
  return true;
}

/** Ends a withdrawn ask that was taken from its lane; its asker needs no notice. */
function endWithdrawn(unit: UnitOfWork, { id, agent, attempt }: Waiting, { id: message, sender }: Message): void {
  const reason = 'its asker no longer waits for the answer';
  unit.ctx.db.ended.insert({
    id,
    agent,
    message,
    state: move('queued', 'withdraw'),
    attempt,
    at: unit.now,
    reason,
    answer: '',
    wasOffered: attempt > 1,
  });
  const account = unit.account(sender);
  account.unfinished = Math.max(0, account.unfinished - 1);
  unit.markAccountChanged(account);
}

function headsFor(unit: UnitOfWork, box: Mailbox): Head[] {
  const heads: Head[] = [];
  if (!hasCriticalCredit(box)) return heads;
  // An agent that was free before is in the lists of its queues, so nothing waits in them.
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

/** Offers the deliveries of a work queue to free agents. At most as many rounds as those have credit. */
export function offerFromQueue(unit: UnitOfWork, queue: Mailbox): void {
  let withdrawn = 0;
  while (queue.waiting > 0) {
    const heads = LANES.flatMap(lane => headOf(unit, queue, lane) ?? []);
    const next = chooseHead(heads, false);
    const pick = next && pickReady(unit, queue, isSuspect(next.crashes));
    if (!next || !pick) return;
    takeHead(unit, queue, next);
    if (offerNext(unit, pick.box, next)) moveToEnd(unit, queue, pick);
    else if (++withdrawn === MAX_WITHDRAWN) return schedule(unit, unit.now, 'refill', queue.agent);
  }
}

/** Offers the waiting deliveries of a mailbox: an agent's or a work queue's. */
export function offerWaiting(unit: UnitOfWork, box: Mailbox): void {
  if (isQueue(box.agent)) offerFromQueue(unit, box);
  else fillCredit(unit, box);
}

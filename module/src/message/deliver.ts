// Brings a message to a mailbox, and offers what may be offered. Which delivery is next is decided here and nowhere else.
//
// I1  A mailbox holds at most `credit` deliveries, and `criticalCredit` critical ones beyond.
// I2  After every call: either nothing waits that the credit would let through, or the agent is offline.
// I3  What is offered is what `chooseHead` chooses among the heads of the lanes.

import { Range } from 'spacetimedb/server';
import { LIMITS, PRIORITY, type InboxKind, type Priority } from '../contract.ts';
import type { Desk, Mailbox } from '../desk.ts';
import type { Ctx } from '../schema.ts';
import { remember } from '../time/due.ts';
import { envelopeOf, type Message } from './envelope.ts';
import { chooseHead, hasCredit, hasCriticalCredit, LANES } from './rules.ts';

/** A delivery that is queued or delayed. */
export type Waiting = NonNullable<ReturnType<Ctx['db']['waiting']['id']['find']>>;
/** A delivery or notice that its recipient can see. */
export type Offer = NonNullable<ReturnType<Ctx['db']['offer']['id']['find']>>;

/** Positions looked at together when the head of a lane is a hole. */
const WINDOW = 64n;

/** A new delivery of `message` for `box`: offered at once if nothing stands before it, queued otherwise. Returns its number. */
export function deliver(desk: Desk, box: Mailbox, message: Message, envelope: string): bigint {
  const id = desk.nextDelivery(box);
  const isNext = hasCredit(box)
    ? box.waiting === 0
    : message.priority === PRIORITY.critical && hasCriticalCredit(box) && isLaneEmpty(box, PRIORITY.critical);
  if (isNext) offerTo(desk, box, id, message, 1, envelope);
  else enqueue(desk, box, { id, message: message.id, lane: message.priority, attempt: 1, availableAt: desk.now });
  return id;
}

/** Shows a notice in an inbox: it takes no credit, has no lease, and waits for nothing. */
export function notify(desk: Desk, box: Mailbox, kind: InboxKind, message: string, envelope: string): void {
  desk.ctx.db.offer.insert({
    id: desk.nextDelivery(box),
    owner: box.owner,
    agent: box.agent,
    kind,
    message,
    priority: PRIORITY.normal,
    attempt: 0,
    leaseUntil: 0n,
    envelope,
  });
}

/** Puts a delivery at the end of its priority's lane. */
export function enqueue(
  desk: Desk,
  box: Mailbox,
  row: Pick<Waiting, 'id' | 'message' | 'lane' | 'attempt' | 'availableAt'>,
): void {
  const position = box.tails[row.lane - 1] ?? 0n;
  box.tails[row.lane - 1] = position + 1n;
  box.waiting++;
  desk.changed(box);
  desk.ctx.db.waiting.insert({ ...row, agent: box.agent, position });
}

/** Offers what waits, best rank first, as far as the credit goes. At most `credit + criticalCredit` rounds. */
export function fill(desk: Desk, box: Mailbox): void {
  if (box.waiting === 0 || !hasCriticalCredit(box)) return;
  const heads = new Map<number, Waiting>();
  for (const lane of LANES) {
    const head = headOf(desk, box, lane);
    if (head) heads.set(lane, head);
  }
  while (heads.size > 0) {
    const critical = heads.get(PRIORITY.critical);
    const next = hasCredit(box)
      ? chooseHead(heads.values(), box.strict)
      : critical && hasCriticalCredit(box)
        ? critical
        : undefined;
    if (!next) return;
    takeFromLane(desk, box, next);
    const message = desk.ctx.db.message.id.find(next.message);
    if (message) offerTo(desk, box, next.id, message, next.attempt, envelopeOf(message));
    const following = headOf(desk, box, next.lane as Priority); // lanes are numbered by priority
    if (following) heads.set(next.lane, following);
    else heads.delete(next.lane);
  }
}

/** Takes the head of a lane out of the queue. */
function takeFromLane(desk: Desk, box: Mailbox, head: Waiting): void {
  box.heads[head.lane - 1] = head.position + 1n;
  box.waiting--;
  desk.changed(box);
  desk.ctx.db.waiting.id.delete(head.id);
}

/** A delivery leaves its lane from anywhere (cancelled, dead): a hole that `headOf` steps over later. */
export function dropWaiting(desk: Desk, box: Mailbox, row: Waiting): void {
  desk.ctx.db.waiting.id.delete(row.id);
  if (row.lane === 0) return;
  box.waiting--;
  desk.changed(box);
}

function isLaneEmpty(box: Mailbox, lane: Priority): boolean {
  return (box.heads[lane - 1] ?? 0n) >= (box.tails[lane - 1] ?? 0n);
}

/** The first delivery of a lane. A full-key point (one row) nearly always; a window of 64 positions after a hole. */
function headOf(desk: Desk, box: Mailbox, lane: Priority): Waiting | undefined {
  const tail = box.tails[lane - 1] ?? 0n;
  let at = box.heads[lane - 1] ?? 0n;
  while (at < tail) {
    const { byLane } = desk.ctx.db.waiting;
    for (const row of byLane.filter([box.agent, lane, at])) return row;
    // At most 64 rows: positions are dense and unique within a lane.
    const end = at + WINDOW;
    const window = new Range<bigint>({ tag: 'excluded', value: at }, { tag: 'excluded', value: end });
    let first: Waiting | undefined;
    for (const row of byLane.filter([box.agent, lane, window]))
      if (!first || row.position < first.position) first = row;
    at = first?.position ?? end;
    box.heads[lane - 1] = at < tail ? at : tail;
    desk.changed(box);
    if (first) return first;
  }
  return undefined;
}

function offerTo(desk: Desk, box: Mailbox, id: bigint, message: Message, attempt: number, envelope: string): void {
  const leaseUntil = desk.now + BigInt(LIMITS.leaseMs) * 1000n;
  box.held++;
  if (message.priority === PRIORITY.critical) box.heldCritical++;
  desk.changed(box);
  desk.ctx.db.offer.insert({
    id,
    owner: box.owner,
    agent: box.agent,
    kind: message.kind,
    message: message.id,
    priority: message.priority,
    attempt,
    leaseUntil,
    envelope,
  });
  if (box.sweepAt === 0n) sweepLater(desk, box, leaseUntil);
}

/** Has the mailbox looked at, at `at` or before. */
export function sweepLater(desk: Desk, box: Mailbox, at: bigint): void {
  if (box.sweepAt !== 0n && box.sweepAt <= at) return;
  box.sweepAt = at;
  desk.changed(box);
  remember(desk, at, 'mailbox', box.agent);
}

/** The offered row of a duty is gone: its credit is free again. */
export function releaseOffer(desk: Desk, box: Mailbox, row: Offer): void {
  desk.ctx.db.offer.id.delete(row.id);
  box.held--;
  if (row.priority === PRIORITY.critical) box.heldCritical--;
  desk.changed(box);
}

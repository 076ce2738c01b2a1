// Brings a message to a mailbox, and offers what may be offered. Which delivery is next is decided here and nowhere else.
//
// I1  A mailbox holds at most `credit` deliveries, and `criticalCredit` critical ones beyond.
// I2  After every call: either nothing waits that the credit would let through, or the agent is offline.
// I3  What is offered is what `chooseHead` chooses among the heads of the lanes.

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

function isLaneEmpty(box: Mailbox, lane: Priority): boolean {
  return (box.heads[lane - 1] ?? 0n) >= (box.tails[lane - 1] ?? 0n);
}

/** The first delivery of a lane, by its full key: one row, since lanes are left at their heads only. */
function headOf(desk: Desk, box: Mailbox, lane: Priority): Waiting | undefined {
  if (isLaneEmpty(box, lane)) return undefined;
  for (const row of desk.ctx.db.waiting.byLane.filter([box.agent, lane, box.heads[lane - 1] ?? 0n])) return row;
  throw new Error(`lane ${lane} of agent ${box.agent} has a hole at its head`);
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

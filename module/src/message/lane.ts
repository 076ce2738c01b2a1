// The lanes of a mailbox: one FIFO queue per priority, with dense positions, so that a head is read by its full key.

import { LIMITS } from '../contract/limits.ts';
import type { Priority } from '../contract/words.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** A delivery that is queued or delayed. */
export type Waiting = NonNullable<ReturnType<Ctx['db']['waiting']['id']['find']>>;

/** Puts a delivery at the end of its priority's lane. */
export function enqueue(
  unit: UnitOfWork,
  box: Mailbox,
  row: Omit<Waiting, 'agent' | 'position' | 'envelope' | 'sender'> & Partial<Pick<Waiting, 'envelope' | 'sender'>>,
): void {
  const position = box.tails[row.lane - 1] ?? 0n;
  box.tails[row.lane - 1] = position + 1n;
  box.waiting++;
  unit.markBoxChanged(box);
  unit.ctx.db.waiting.insert({ envelope: '', sender: 0n, ...row, agent: box.agent, position });
}

/** Delays a delivery: it is in no lane (lane 0, position = delivery) until it becomes available. */
export function delay(
  unit: UnitOfWork,
  box: Mailbox,
  row: Omit<Waiting, 'agent' | 'position' | 'lane' | 'envelope' | 'sender'>,
  sender: bigint,
): void {
  unit.ctx.db.waiting.insert({ ...row, agent: box.agent, lane: 0, position: row.id, envelope: '', sender });
  box.delayed++;
  unit.markBoxChanged(box);
  schedule(unit, row.availableAt, 'requeue', row.id, '', sender);
}

/** Returns true if a lane has no positions left. `headOf` moves over those whose delivery was removed. */
export function isLaneEmpty(box: Mailbox, lane: Priority): boolean {
  return (box.heads[lane - 1] ?? 0n) >= (box.tails[lane - 1] ?? 0n);
}

/**
 * Returns the first delivery of a lane. Empty positions are skipped: each once, since the head moves, and at most
 * `LIMITS.holes` in a call. A lane with more of them has no head until a separate call has skipped the rest.
 */
export function headOf(unit: UnitOfWork, box: Mailbox, lane: Priority): Waiting | undefined {
  const first = box.heads[lane - 1] ?? 0n;
  const tail = box.tails[lane - 1] ?? 0n;
  let at = first;
  let head: Waiting | undefined;
  for (const end = first + BigInt(LIMITS.holes); at < tail && at < end; at++) {
    for (const row of unit.ctx.db.waiting.byLane.filter([box.agent, lane, at])) head = row; // a full key: one row at most
    if (head) break;
  }
  if (at === first) return head;
  box.heads[lane - 1] = at;
  unit.markBoxChanged(box);
  if (!head && at < tail) schedule(unit, unit.now, 'refill', box.agent);
  return head;
}

/** Removes the head of a lane. */
export function takeHead(unit: UnitOfWork, box: Mailbox, head: Waiting): void {
  box.heads[head.lane - 1] = head.position + 1n;
  removeWaiting(unit, box, head);
}

/** Removes a waiting delivery, queued or delayed. */
export function removeWaiting(unit: UnitOfWork, box: Mailbox, row: Waiting): void {
  unit.ctx.db.waiting.id.delete(row.id);
  if (row.lane === 0) box.delayed--;
  else box.waiting--;
  unit.markBoxChanged(box);
}

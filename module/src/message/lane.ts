// The lanes of a mailbox: one a priority, first in first out, with dense positions, so that a head is read by its full key.

import { LIMITS } from '../contract/limits.ts';
import type { Priority } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';

/** A delivery that is queued or delayed. */
export type Waiting = NonNullable<ReturnType<Ctx['db']['waiting']['id']['find']>>;

/** Puts a delivery at the end of its priority's lane. */
export function enqueue(
  unit: UnitOfWork,
  box: Mailbox,
  row: Pick<Waiting, 'id' | 'message' | 'lane' | 'attempt' | 'availableAt' | 'holder'>,
): void {
  const position = box.tails[row.lane - 1] ?? 0n;
  box.tails[row.lane - 1] = position + 1n;
  box.waiting++;
  unit.changed(box);
  unit.ctx.db.waiting.insert({ ...row, agent: box.agent, position });
}

/** Keeps a delivery apart from the lanes until its time comes (lane 0, position = delivery). */
export function delay(
  unit: UnitOfWork,
  box: Mailbox,
  row: Pick<Waiting, 'id' | 'message' | 'attempt' | 'availableAt' | 'holder'>,
): void {
  unit.ctx.db.waiting.insert({ ...row, agent: box.agent, lane: 0, position: row.id });
  schedule(unit, row.availableAt, 'requeue', row.id);
}

/** Whether a lane has no positions left. `headOf` moves over those whose delivery was removed. */
export function isLaneEmpty(box: Mailbox, lane: Priority): boolean {
  return (box.heads[lane - 1] ?? 0n) >= (box.tails[lane - 1] ?? 0n);
}

/**
 * The first delivery of a lane. Positions whose delivery was removed are skipped: each once, since the head moves on, and a
 * bounded number a call. A lane with more of them shows no head until the rest is skipped, in a call of its own.
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
  unit.changed(box);
  if (!head && at < tail) schedule(unit, unit.now, 'refill', box.agent);
  return head;
}

/** Takes the head of a lane out of the queue. */
export function takeHead(unit: UnitOfWork, box: Mailbox, head: Waiting): void {
  box.heads[head.lane - 1] = head.position + 1n;
  removeWaiting(unit, box, head);
}

/** Takes a delivery out, wherever it stands. */
export function removeWaiting(unit: UnitOfWork, box: Mailbox, row: Waiting): void {
  unit.ctx.db.waiting.id.delete(row.id);
  if (row.lane === 0) return;
  box.waiting--;
  unit.changed(box);
}

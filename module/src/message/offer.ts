// Rows of an inbox: deliveries, which take credit and have a lease, and notices, which have neither.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { type InboxKind, PRIORITY } from '../contract/words.ts';
import type { Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';
import { isSuspect } from './rules.ts';

/** Longer than a failing timer is tried. */
const LOST_AFTER_MICROS = 600_000_000n;

/** A stored row of an inbox: an offered delivery, or a notice (attempt 0). */
export type Offer = NonNullable<ReturnType<Ctx['db']['offer']['id']['find']>>;

/** A delivery and its attempts so far. */
export type Attempts = Pick<Offer, 'id' | 'attempt' | 'spared' | 'crashes'>;

/** Offers a delivery to an agent, with a lease. One that must be held alone closes the inbox for others. */
export function offerTo(
  unit: UnitOfWork,
  box: Mailbox,
  { id, attempt, spared, crashes }: Attempts,
  message: Pick<Message, 'id' | 'kind' | 'priority' | 'sender'>,
  envelope: string,
): void {
  const leaseUntil = unit.now + toMicros(LIMITS.leaseMs);
  box.held++;
  if (isSuspect(crashes)) box.isAlone = true;
  if (message.priority === PRIORITY.critical) box.heldCritical++;
  unit.ctx.db.offer.insert({
    id,
    owner: box.owner,
    agent: box.agent,
    // A redriven broadcast is an ordinary message to one agent.
    kind: message.kind === 'broadcast' ? 'message' : message.kind,
    message: message.id,
    priority: message.priority,
    attempt,
    leaseUntil,
    envelope,
    seq: nextOffer(unit, box),
    sender: message.sender,
    spared,
    crashes,
  });
  scheduleSweep(unit, box, leaseUntil);
}

/** Deletes the row of an offered delivery, and frees its credit. */
export function releaseOffer(unit: UnitOfWork, box: Mailbox, row: Offer): void {
  unit.ctx.db.offer.id.delete(row.id);
  box.held--;
  if (box.held === 0) box.isAlone = false;
  if (row.priority === PRIORITY.critical) box.heldCritical--;
  unit.markBoxChanged(box);
}

/** Returns the next number of an agent's inbox rows. Wakes an idle agent. */
export function nextOffer(unit: UnitOfWork, box: Mailbox): bigint {
  box.isIdle = false;
  unit.markBoxChanged(box);
  return ++box.offers;
}

/** Sends a notice to an agent, and returns its id. A notice never waits for credit. */
export function notify(unit: UnitOfWork, box: Mailbox, kind: InboxKind, message: string, envelope: string): bigint {
  const id = unit.nextDelivery(box);
  putNotice(unit, box, { id, kind, message, envelope });
  unit.addBytes(box.agent, bytesOfNotice({ kind, envelope }));
  return id;
}

/** Shows a notice, or queues it while `LIMITS.visibleNotices` are shown. */
export function putNotice(
  unit: UnitOfWork,
  box: Mailbox,
  row: Pick<Offer, 'id' | 'kind' | 'message' | 'envelope'>,
): void {
  if (box.notices < LIMITS.visibleNotices) return showNotice(unit, box, row);
  const { id, kind, message, envelope } = row;
  unit.ctx.db.notice.insert({ id, agent: box.agent, position: box.noticeTail++, kind, message, envelope });
  unit.markBoxChanged(box);
}

/** Returns the bytes that a notice counts. A stored answer, or a delivery that was cancelled, counts with its message. */
export function bytesOfNotice({ kind, envelope }: Pick<Offer, 'kind' | 'envelope'>): number {
  return isOfMessage(kind) ? 0 : ROW_BYTES.notice + byteLength(envelope);
}

function isOfMessage(kind: string): boolean {
  return (['answer', 'cancelled'] satisfies InboxKind[]).some(each => each === kind);
}

/** Deletes an acknowledged notice, and shows the oldest queued one. */
export function takeNotice(unit: UnitOfWork, box: Mailbox, taken: Offer): void {
  const { db } = unit.ctx;
  db.offer.id.delete(taken.id);
  unit.addBytes(box.agent, -bytesOfNotice(taken));
  box.notices = Math.max(0, box.notices - 1);
  unit.markBoxChanged(box);
  if (box.noticeHead === box.noticeTail) return;
  const position = box.noticeHead++;
  // A full key: one row, since notices leave at the head only.
  for (const row of [...db.notice.byPosition.filter([box.agent, position])]) {
    db.notice.id.delete(row.id);
    showNotice(unit, box, row);
  }
}

function showNotice(
  unit: UnitOfWork,
  box: Mailbox,
  { id, kind, message, envelope }: Pick<Offer, 'id' | 'kind' | 'message' | 'envelope'>,
): void {
  box.notices++;
  unit.ctx.db.offer.insert(noticeRow(unit, box, { id, kind, message, envelope }));
}

/** Returns the inbox row of a notice. */
export function noticeRow(
  unit: UnitOfWork,
  box: Mailbox,
  fields: Pick<Offer, 'id' | 'kind' | 'message' | 'envelope'>,
): Offer {
  return {
    ...fields,
    owner: box.owner,
    agent: box.agent,
    priority: PRIORITY.normal,
    attempt: 0,
    leaseUntil: 0n,
    seq: nextOffer(unit, box),
    sender: 0n,
    spared: 0,
    crashes: 0,
  };
}

/** Schedules the sweep of a mailbox for `at`, if none is due earlier. One that is long overdue was lost with its timer. */
export function scheduleSweep(unit: UnitOfWork, box: Mailbox, at: bigint): void {
  if (box.sweepAt !== 0n && box.sweepAt <= at && box.sweepAt + LOST_AFTER_MICROS > unit.now) return;
  box.sweepAt = at;
  unit.markBoxChanged(box);
  schedule(unit, at, 'mailbox', box.agent, String(at));
}

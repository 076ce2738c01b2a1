// What an agent can see: duties, which take credit and have a lease, and notices, which have neither.

import { LIMITS } from '../contract/limits.ts';
import { type InboxKind, PRIORITY } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** A delivery or notice that its recipient can see. */
export type Offer = NonNullable<ReturnType<Ctx['db']['offer']['id']['find']>>;

/** Shows a duty to an agent, with a lease. */
export function offerTo(
  unit: UnitOfWork,
  box: Mailbox,
  id: bigint,
  message: Message,
  attempt: number,
  envelope: string,
): void {
  const leaseUntil = unit.now + BigInt(LIMITS.leaseMs) * 1000n;
  box.held++;
  if (message.priority === PRIORITY.critical) box.heldCritical++;
  unit.ctx.db.offer.insert({
    id,
    owner: box.owner,
    agent: box.agent,
    // A broadcast that an agent could not handle comes again as a message to it alone.
    kind: message.kind === 'broadcast' ? 'message' : message.kind,
    message: message.id,
    priority: message.priority,
    attempt,
    leaseUntil,
    envelope,
    seq: nextOffer(unit, box),
    sender: message.sender,
  });
  if (box.sweepAt === 0n) sweepLater(unit, box, leaseUntil);
}

/** The offered row of a duty is gone: its credit is free again. */
export function releaseOffer(unit: UnitOfWork, box: Mailbox, row: Offer): void {
  unit.ctx.db.offer.id.delete(row.id);
  freeCredit(unit, box, row);
}

/** A duty holds credit no more. */
function freeCredit(unit: UnitOfWork, box: Mailbox, row: Pick<Offer, 'priority'>): void {
  box.held--;
  if (row.priority === PRIORITY.critical) box.heldCritical--;
  unit.changed(box);
}

/** Numbers what is shown to an agent. Whoever was idle is woken by it. */
export function nextOffer(unit: UnitOfWork, box: Mailbox): bigint {
  box.isIdle = false;
  unit.changed(box);
  return ++box.offers;
}

/** Shows a notice: at once while few are shown, else when the ones before it were taken. It never waits for work. */
export function notify(unit: UnitOfWork, box: Mailbox, kind: InboxKind, message: string, envelope: string): bigint {
  const id = unit.nextDelivery(box);
  putNotice(unit, box, { id, kind, message, envelope });
  return id;
}

/** Shows a notice, or has it wait behind those that are shown. */
export function putNotice(
  unit: UnitOfWork,
  box: Mailbox,
  row: Pick<Offer, 'id' | 'kind' | 'message' | 'envelope'>,
): void {
  if (box.notices < LIMITS.visibleNotices) return showNotice(unit, box, row);
  const { id, kind, message, envelope } = row;
  unit.ctx.db.notice.insert({ id, agent: box.agent, position: box.noticeTail++, kind, message, envelope });
  unit.changed(box);
}

/** A notice was taken: the one that waited longest is shown. */
export function takeNotice(unit: UnitOfWork, box: Mailbox, id: bigint): void {
  const { db } = unit.ctx;
  db.offer.id.delete(id);
  box.notices = Math.max(0, box.notices - 1);
  unit.changed(box);
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

/** The row that shows a notice. */
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
  };
}

/** Has the mailbox looked at, at `at` or before. */
export function sweepLater(unit: UnitOfWork, box: Mailbox, at: bigint): void {
  if (box.sweepAt !== 0n && box.sweepAt <= at) return;
  box.sweepAt = at;
  unit.changed(box);
  schedule(unit, at, 'mailbox', box.agent);
}

// What ends a message's deliveries from outside: its sender calls it off, or its time to live is over.

import { isOperator, isSame } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import type { InboxKind } from '../contract/words.ts';
import { recordAct } from '../event/record-act.ts';
import { refuse } from '../refuse.ts';
import { mailboxOfDelivery, type UnitOfWork } from '../unit-of-work.ts';
import { askedBy } from './ask-row.ts';
import { closeAsk } from './ask.ts';
import { expireBroadcast } from './broadcast.ts';
import { fill } from './deliver.ts';
import { endWaiting, record } from './end.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { removeWaiting, type Waiting } from './lane.ts';
import { type Offer, putNotice, releaseOffer } from './offer.ts';
import { move } from './rules.ts';

/** The sender calls a message off: whatever of it is not finished ends, and whoever works on it is told. */
export function cancel(
  unit: UnitOfWork,
  act: { readonly agent: bigint; readonly message: string; readonly reason: string },
): void {
  const { db, sender } = unit.ctx;
  const message = db.message.id.find(act.message);
  const isSteering = isOperator(db, sender);
  if (!isSteering) unit.own(act.agent);
  if (!message || (message.sender !== act.agent && !isSteering)) {
    refuse('message/unknown', `there is no message ${act.message.slice(0, 64)} of yours`);
  }
  if (message.kind === 'broadcast') {
    refuse('message/cannot-cancel', 'a broadcast has been said to everyone; say something else');
  }
  const reason = act.reason.slice(0, LIMITS.reasonLength);
  cancelMessage(unit, message, reason);
  // Of the hub's own messages only an operator calls one off: nobody will do that step now.
  if (message.kind === 'task') {
    const error = `an operator called it off${reason === '' ? '' : `: ${reason}`}`;
    unit.tasks.ended(unit, message, undefined, { status: 'error', error, isPermanent: true });
  }
  if (!isOwned(unit, message.sender)) recordAct(unit, 'cancel', { message: message.id });
}

function isOwned(unit: UnitOfWork, agent: bigint): boolean {
  const box = unit.box(agent);
  return box !== undefined && isSame(box.owner, unit.ctx.sender);
}

/** Ends what is not finished of a message, and the replies of its question. At most as many deliveries as it has. */
export function cancelMessage(unit: UnitOfWork, message: Message, reason: string): void {
  for (const id of message.deliveries) cancelDelivery(unit, message, id, reason);
  if (message.kind !== 'ask') return;
  const about = askedBy(message);
  closeAsk(unit, about, 'cancelled');
  // The question may have gone on with a reply.
  const { db } = unit.ctx;
  const last = db.message.id.find(db.ask.message.find(about)?.lastMessage ?? '');
  if (last && last.id !== message.id) for (const id of last.deliveries) cancelDelivery(unit, last, id, reason);
}

/** The time to live of a message is over: what nobody works on ends. What is offered is left to whoever has it. */
export function expireMessage(unit: UnitOfWork, id: string): void {
  const { db } = unit.ctx;
  const message = db.message.id.find(id);
  if (!message) return;
  if (message.broadcast > 0n) return expireBroadcast(unit, message.broadcast);
  for (const delivery of message.deliveries) {
    const waiting = db.waiting.id.find(delivery);
    if (waiting) endInLane(unit, message, waiting, 'expire', 'its time to live is over');
  }
}

function cancelDelivery(unit: UnitOfWork, message: Message, id: bigint, reason: string): void {
  const { db } = unit.ctx;
  const waiting = db.waiting.id.find(id);
  if (waiting) return endInLane(unit, message, waiting, 'cancel', reason);
  const row = db.offer.id.find(id);
  if (row && row.attempt > 0) turnIntoNotice(unit, message, row, reason);
}

/** Its holder is told under the same number: the duty is a notice from now on. */
function turnIntoNotice(unit: UnitOfWork, message: Message, row: Offer, reason: string): void {
  const box = unit.box(row.agent);
  if (!box) return;
  releaseOffer(unit, box, row);
  record(unit, row, message.sender, move('offered', 'cancel'), reason);
  const kind: InboxKind = 'cancelled';
  const envelope = noticeEnvelope('delivery_cancelled', message.id, unit.now, { reason });
  putNotice(unit, box, { id: row.id, kind, message: row.message, envelope });
  fill(unit, box);
}

function endInLane(
  unit: UnitOfWork,
  message: Message,
  row: Waiting,
  happening: 'cancel' | 'expire',
  reason: string,
): void {
  const home = unit.box(mailboxOfDelivery(row.id));
  if (home) removeWaiting(unit, home, row);
  else unit.ctx.db.waiting.id.delete(row.id);
  endWaiting(unit, row, message, row.lane === 0 ? 'delayed' : 'queued', happening, reason);
}

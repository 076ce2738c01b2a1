// What ends a message's deliveries from outside: its sender calls it off, or its time to live is over.

import { isOperator, isSame } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import type { InboxKind } from '../contract/words.ts';
import { mailboxOfDelivery, type Desk } from '../desk.ts';
import { recordAct } from '../operator/record.ts';
import { refuse } from '../refuse.ts';
import { endStep } from '../workflow/happenings.ts';
import { closeAsk } from './ask.ts';
import { expireBroadcast } from './broadcast.ts';
import { fill } from './deliver.ts';
import { endWaiting, record } from './end.ts';
import { noticeEnvelope, type Message } from './envelope.ts';
import { removeWaiting, type Waiting } from './lane.ts';
import { putNotice, releaseOffer, type Offer } from './offer.ts';
import { askedBy } from './question.ts';
import { move } from './rules.ts';

/** The sender calls a message off: whatever of it is not finished ends, and whoever works on it is told. */
export function cancel(
  desk: Desk,
  act: { readonly agent: bigint; readonly message: string; readonly reason: string },
): void {
  const { db, sender } = desk.ctx;
  const message = db.message.id.find(act.message);
  const isSteering = isOperator(db, sender);
  if (!isSteering) desk.own(act.agent);
  if (!message || (message.sender !== act.agent && !isSteering)) {
    refuse('message/unknown', `there is no message ${act.message.slice(0, 64)} of yours`);
  }
  if (message.kind === 'broadcast') {
    refuse('message/cannot-cancel', 'a broadcast has been said to everyone; say something else');
  }
  const reason = act.reason.slice(0, LIMITS.reasonLength);
  cancelMessage(desk, message, reason);
  // Of the hub's own messages only an operator calls one off: nobody will do that step now.
  if (message.kind === 'task') {
    const error = `an operator called it off${reason === '' ? '' : `: ${reason}`}`;
    endStep(desk, message, undefined, { status: 'error', error, isPermanent: true });
  }
  if (!isOwned(desk, message.sender)) recordAct(desk, 'cancel', { message: message.id });
}

function isOwned(desk: Desk, agent: bigint): boolean {
  const box = desk.box(agent);
  return box !== undefined && isSame(box.owner, desk.ctx.sender);
}

/** Ends what is not finished of a message, and the replies of its question. At most as many deliveries as it has. */
export function cancelMessage(desk: Desk, message: Message, reason: string): void {
  for (const id of message.deliveries) cancelDelivery(desk, message, id, reason);
  if (message.kind !== 'ask') return;
  const about = askedBy(message);
  closeAsk(desk, about, 'cancelled');
  // The question may have gone on with a reply.
  const { db } = desk.ctx;
  const last = db.message.id.find(db.ask.message.find(about)?.lastMessage ?? '');
  if (last && last.id !== message.id) for (const id of last.deliveries) cancelDelivery(desk, last, id, reason);
}

/** The time to live of a message is over: what nobody works on ends. What is offered is left to whoever has it. */
export function expireMessage(desk: Desk, id: string): void {
  const { db } = desk.ctx;
  const message = db.message.id.find(id);
  if (!message) return;
  if (message.broadcast > 0n) return expireBroadcast(desk, message.broadcast);
  for (const delivery of message.deliveries) {
    const waiting = db.waiting.id.find(delivery);
    if (waiting) endInLane(desk, message, waiting, 'expire', 'its time to live is over');
  }
}

function cancelDelivery(desk: Desk, message: Message, id: bigint, reason: string): void {
  const { db } = desk.ctx;
  const waiting = db.waiting.id.find(id);
  if (waiting) return endInLane(desk, message, waiting, 'cancel', reason);
  const row = db.offer.id.find(id);
  if (row && row.attempt > 0) turnIntoNotice(desk, message, row, reason);
}

/** Its holder is told under the same number: the duty is a notice from now on. */
function turnIntoNotice(desk: Desk, message: Message, row: Offer, reason: string): void {
  const box = desk.box(row.agent);
  if (!box) return;
  releaseOffer(desk, box, row);
  record(desk, row, message.sender, move('offered', 'cancel'), reason);
  const kind: InboxKind = 'cancelled';
  const envelope = noticeEnvelope('delivery_cancelled', message.id, desk.now, { reason });
  putNotice(desk, box, { id: row.id, kind, message: row.message, envelope });
  fill(desk, box);
}

function endInLane(desk: Desk, message: Message, row: Waiting, happening: 'cancel' | 'expire', reason: string): void {
  const home = desk.box(mailboxOfDelivery(row.id));
  if (home) removeWaiting(desk, home, row);
  else desk.ctx.db.waiting.id.delete(row.id);
  endWaiting(desk, row, message, row.lane === 0 ? 'delayed' : 'queued', happening, reason);
}

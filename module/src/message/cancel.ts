// Ends deliveries of a message from outside: its sender cancels it, or its time to live has passed.

import { isOperator } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import type { InboxKind } from '../contract/words.ts';
import { recordAct } from '../event/append.ts';
import { mailboxOfDelivery } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { askIdOf, closeAsk, isOpen, timeOutAsk } from './ask.ts';
import { cancelDelayedBroadcast, expireBroadcast } from './broadcast.ts';
import { fillCredit } from './deliver.ts';
import { endWaiting, recordEnd } from './end.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { removeWaiting, type Waiting } from './lane.ts';
import { notify, type Offer, putNotice, releaseOffer } from './offer.ts';
import { move } from './rules.ts';

/** Asks that one call cancels with the one on whose behalf they were made. */
const DEPENDENTS = 64;

/** Cancels a message for its sender or an operator: unfinished deliveries end, and their holders are notified. */
export function cancel(
  unit: UnitOfWork,
  act: { readonly agent: bigint; readonly message: string; readonly reason: string },
): void {
  const { db, sender } = unit.ctx;
  const message = db.message.id.find(act.message);
  const isByOperator = isOperator(db, sender);
  if (!isByOperator) unit.own(act.agent);
  if (!message || ((message.sender !== act.agent || message.step > 0n) && !isByOperator)) {
    refuse('message/unknown', `there is no message ${act.message.slice(0, 64)} of yours`);
  }
  if (message.kind === 'broadcast') {
    if (!cancelDelayedBroadcast(unit, message)) {
      refuse(
        'message/cannot-cancel',
        'a broadcast that was sent cannot be cancelled; send another one that corrects it',
      );
    }
    if (!unit.isOwn(message.sender)) recordAct(unit, 'cancel', { message: message.id });
    return;
  }
  const reason = act.reason.slice(0, LIMITS.reasonLength);
  cancelMessage(unit, message, reason);
  // Only an operator cancels a task. No agent will do that step now, so it fails.
  if (message.kind === 'task') {
    const error = `an operator cancelled the task${reason === '' ? '' : `: ${reason}`}`;
    unit.tasks.ended(unit, message, undefined, { status: 'error', error, isPermanent: true });
  }
  if (!unit.isOwn(message.sender)) recordAct(unit, 'cancel', { message: message.id });
}

/** Ends the unfinished deliveries of a message, and of the last reply that continues its ask. */
export function cancelMessage(unit: UnitOfWork, message: Message, reason: string): void {
  for (const id of message.deliveries) cancelDelivery(unit, message, id, reason);
  if (message.kind !== 'ask') return;
  const about = askIdOf(message);
  closeAsk(unit, about, 'cancelled');
  const { db } = unit.ctx;
  const ask = db.ask.message.find(about);
  if (ask && ask.dependents > 0) schedule(unit, unit.now, 'dependents', 1n, about);
  const last = db.message.id.find(ask?.lastMessage ?? '');
  if (last && last.id !== message.id) for (const id of last.deliveries) cancelDelivery(unit, last, id, reason);
}

/**
 * Timer: cancels the asks that were made on behalf of a cancelled one, from a number on, and notifies their askers. Bound:
 * `DEPENDENTS` asks; a timer continues.
 */
export function cancelDependents(unit: UnitOfWork, from: bigint, id: string): void {
  const { db } = unit.ctx;
  const count = db.ask.message.find(id)?.dependents ?? 0;
  const end = Number(from) + DEPENDENTS;
  for (let no = Number(from); no <= count && no < end; no++) {
    // A full key: one row, or none for a deleted message.
    for (const { message } of [...db.dependentAsk.byNo.filter([id, no])]) cancelDependent(unit, message);
  }
  if (end <= count) schedule(unit, unit.now, 'dependents', BigInt(end), id);
}

function cancelDependent(unit: UnitOfWork, id: string): void {
  const { db } = unit.ctx;
  const message = db.message.id.find(id);
  const ask = db.ask.message.find(id);
  if (!message || !ask || !isOpen(ask)) return;
  const reason = 'the ask on whose behalf it was made was cancelled';
  cancelMessage(unit, message, reason);
  const asker = unit.box(ask.asker);
  if (asker) notify(unit, asker, 'dead', id, noticeEnvelope('delivery_dead', id, unit.now, { reason }));
}

/** Timer: closes an ask at its deadline. Its delivery leaves the queue; a holder may still answer late. */
export function timeOut(unit: UnitOfWork, id: string): void {
  if (!timeOutAsk(unit, id)) return;
  const { db } = unit.ctx;
  for (const each of [id, db.ask.message.find(id)?.lastMessage ?? '']) {
    const message = db.message.id.find(each);
    for (const delivery of message?.deliveries ?? []) {
      const row = db.waiting.id.find(delivery);
      if (message && row) endWaitingRow(unit, message, row, 'withdraw', 'the deadline of its answer has passed');
    }
  }
}

/** Ends the waiting deliveries of a message whose time to live has passed. Offered ones stay with their holders. */
export function expireMessage(unit: UnitOfWork, id: string): void {
  const { db } = unit.ctx;
  const message = db.message.id.find(id);
  if (!message) return;
  if (message.broadcast > 0n) return expireBroadcast(unit, message.broadcast);
  for (const delivery of message.deliveries) {
    const waiting = db.waiting.id.find(delivery);
    if (waiting) endWaitingRow(unit, message, waiting, 'expire', 'its time to live has passed');
  }
}

function cancelDelivery(unit: UnitOfWork, message: Message, id: bigint, reason: string): void {
  const { db } = unit.ctx;
  const waiting = db.waiting.id.find(id);
  if (waiting) return endWaitingRow(unit, message, waiting, 'cancel', reason);
  const row = db.offer.id.find(id);
  if (row && row.attempt > 0) turnIntoNotice(unit, message, row, reason);
}

/** Ends an offered delivery; its row becomes a notice for the holder, under the same id. */
function turnIntoNotice(unit: UnitOfWork, message: Message, row: Offer, reason: string): void {
  const box = unit.box(row.agent);
  if (!box) return;
  releaseOffer(unit, box, row);
  recordEnd(unit, row, message.sender, move('offered', 'cancel'), reason);
  const kind: InboxKind = 'cancelled';
  const envelope = noticeEnvelope('delivery_cancelled', message.id, unit.now, { reason });
  putNotice(unit, box, { id: row.id, kind, message: row.message, envelope });
  fillCredit(unit, box);
}

function endWaitingRow(
  unit: UnitOfWork,
  message: Message,
  row: Waiting,
  trigger: 'cancel' | 'expire' | 'withdraw',
  reason: string,
): void {
  const home = unit.box(mailboxOfDelivery(unit.ctx.db, row.id));
  if (home) removeWaiting(unit, home, row);
  else unit.ctx.db.waiting.id.delete(row.id);
  endWaiting(unit, row, message, row.lane === 0 ? 'delayed' : 'queued', trigger, reason);
}

// The end of a delivery, and what it means to others: its asker, its step, its sender.

import type { DeliveryState } from '../contract/words.ts';
import { type Mailbox, mailboxOfDelivery, type UnitOfWork } from '../unit-of-work.ts';
import type { Answer } from './answer.ts';
import { askedBy } from './ask-row.ts';
import { answerAsk, closeAsk } from './ask.ts';
import { addDeadLetter } from './dead.ts';
import { fill } from './deliver.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { delay } from './lane.ts';
import { notify, type Offer, releaseOffer } from './offer.ts';
import { backoffMicros, type Happening, isLastAttempt, move } from './rules.ts';

/** What of a delivery its end is told by. */
export interface Ending {
  readonly id: bigint;
  /** Whose it was; a work queue, if nobody's. */
  readonly agent: bigint;
  readonly message: string;
  readonly attempt: number;
}

/** Ends an offered delivery by a legal move, tells who should know, and offers the next. */
export function endOffered(
  unit: UnitOfWork,
  box: Mailbox,
  row: Offer,
  happening: Happening,
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  releaseOffer(unit, box, row);
  const state = record(unit, row, row.sender, move('offered', happening), reason);
  // What waits goes before what this end may bring, such as the next step of a workflow.
  fill(unit, box);
  // Most deliveries end here: nobody waits for the end of a plain message that was handled.
  if (row.kind === 'message' && state !== 'dead' && state !== 'expired') return;
  const message = unit.ctx.db.message.id.find(row.message);
  if (message) tell(unit, row, message, state, reason, answer, answerId);
}

/** Ends a delivery that waits, and was taken out of its lane already. */
export function endWaiting(
  unit: UnitOfWork,
  row: Ending,
  message: Message,
  from: 'queued' | 'delayed',
  happening: 'give-up' | 'expire' | 'cancel',
  reason: string,
): void {
  const state = record(unit, row, message.sender, move(from, happening), reason);
  tell(unit, row, message, state, reason, { status: 'error', error: reason });
}

/** An offered delivery goes back with one more attempt, after a backoff; it is dead after the last, and expires after its time. */
export function giveBack(unit: UnitOfWork, box: Mailbox, row: Offer, reason: string): void {
  const failure: Answer = { status: 'error', error: reason };
  const message = unit.ctx.db.message.id.find(row.message);
  if (isLastAttempt(row.attempt)) return endOffered(unit, box, row, 'give-up', reason, failure);
  if (message && isOver(unit, message))
    return endOffered(unit, box, row, 'expire', 'its time to live is over', failure);
  const home = unit.box(mailboxOfDelivery(row.id));
  if (!home) return endOffered(unit, box, row, 'give-up', 'its agent was unregistered', failure);
  releaseOffer(unit, box, row);
  const attempt = row.attempt + 1;
  const availableAt = unit.now + backoffMicros(attempt);
  delay(unit, home, { id: row.id, message: row.message, attempt, availableAt, holder: row.agent });
  fill(unit, box);
}

/** Whether the time to live of a message has passed. */
export function isOver(unit: UnitOfWork, message: Message): boolean {
  return message.ttlMs > 0n && message.acceptedAt + message.ttlMs * 1000n <= unit.now;
}

/** Writes how a delivery ended, and takes it from what its sender has caused. */
export function record(
  unit: UnitOfWork,
  row: Ending,
  sender: bigint,
  state: DeliveryState,
  reason: string,
): DeliveryState {
  const { id, agent, message, attempt } = row;
  unit.ctx.db.ended.insert({ id, agent, message, state, attempt, at: unit.now, reason });
  const account = unit.account(sender);
  account.unfinished = Math.max(0, account.unfinished - 1);
  unit.charged(account);
  return state;
}

function tell(
  unit: UnitOfWork,
  row: Ending,
  message: Message,
  state: DeliveryState,
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  if (message.kind === 'task' && state !== 'cancelled') unit.tasks.ended(unit, message, row, answer);
  if (message.kind === 'message' && message.step > 0n && state === 'dead') unit.tasks.questionDied(unit, message);
  if (message.kind === 'ask') {
    if (state === 'dead' || state === 'cancelled' || state === 'expired') closeAsk(unit, askedBy(message), state);
    else answerAsk(unit, message, row.agent, answer, answerId ?? unit.ctx.newUuidV7().toString());
  }
  if (state === 'dead') addDeadLetter(unit, { delivery: row.id, agent: row.agent }, message, reason);
  if (state !== 'dead' && state !== 'expired') return;
  const sender = unit.box(message.sender);
  if (!sender) return;
  const about = askedBy(message);
  notify(unit, sender, state, about, noticeEnvelope(`delivery_${state}`, about, unit.now, { reason }));
}

// The end of a delivery, and what it means to others: its asker, its step, its sender.

import type { DeliveryState } from '../contract/words.ts';
import { mailboxOfDelivery, type Desk, type Mailbox } from '../desk.ts';
import { questionDied } from '../workflow/approval.ts';
import { endStep } from '../workflow/happenings.ts';
import { answerAsk, closeAsk, type Answer } from './ask.ts';
import { addDeadLetter } from './dead.ts';
import { fill } from './deliver.ts';
import { noticeEnvelope, type Message } from './envelope.ts';
import { delay } from './lane.ts';
import { notify, releaseOffer, type Offer } from './offer.ts';
import { askedBy } from './question.ts';
import { backoffMicros, isLastAttempt, move, type Happening } from './rules.ts';

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
  desk: Desk,
  box: Mailbox,
  row: Offer,
  happening: Happening,
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  releaseOffer(desk, box, row);
  const state = record(desk, row, row.sender, move('offered', happening), reason);
  // What waits goes before what this end may bring, such as the next step of a workflow.
  fill(desk, box);
  // Most deliveries end here: nobody waits for the end of a plain message that was handled.
  if (row.kind === 'message' && state !== 'dead' && state !== 'expired') return;
  const message = desk.ctx.db.message.id.find(row.message);
  if (message) tell(desk, row, message, state, reason, answer, answerId);
}

/** Ends a delivery that waits, and was taken out of its lane already. */
export function endWaiting(
  desk: Desk,
  row: Ending,
  message: Message,
  from: 'queued' | 'delayed',
  happening: 'give-up' | 'expire' | 'cancel',
  reason: string,
): void {
  const state = record(desk, row, message.sender, move(from, happening), reason);
  tell(desk, row, message, state, reason, { status: 'error', error: reason });
}

/** An offered delivery goes back with one more attempt, after a backoff; it is dead after the last, and expires after its time. */
export function giveBack(desk: Desk, box: Mailbox, row: Offer, reason: string): void {
  const failure: Answer = { status: 'error', error: reason };
  const message = desk.ctx.db.message.id.find(row.message);
  if (isLastAttempt(row.attempt)) return endOffered(desk, box, row, 'give-up', reason, failure);
  if (message && isOver(desk, message))
    return endOffered(desk, box, row, 'expire', 'its time to live is over', failure);
  const home = desk.box(mailboxOfDelivery(row.id));
  if (!home) return endOffered(desk, box, row, 'give-up', 'its agent was unregistered', failure);
  releaseOffer(desk, box, row);
  const attempt = row.attempt + 1;
  const availableAt = desk.now + backoffMicros(attempt);
  delay(desk, home, { id: row.id, message: row.message, attempt, availableAt, holder: row.agent });
  fill(desk, box);
}

/** Whether the time to live of a message has passed. */
export function isOver(desk: Desk, message: Message): boolean {
  return message.ttlMs > 0n && message.acceptedAt + message.ttlMs * 1000n <= desk.now;
}

/** Writes how a delivery ended, and takes it from what its sender has caused. */
export function record(desk: Desk, row: Ending, sender: bigint, state: DeliveryState, reason: string): DeliveryState {
  const { id, agent, message, attempt } = row;
  desk.ctx.db.ended.insert({ id, agent, message, state, attempt, at: desk.now, reason });
  const account = desk.account(sender);
  account.unfinished = Math.max(0, account.unfinished - 1);
  desk.charged(account);
  return state;
}

function tell(
  desk: Desk,
  row: Ending,
  message: Message,
  state: DeliveryState,
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  if (message.kind === 'task' && state !== 'cancelled') endStep(desk, message, row, answer);
  if (message.kind === 'message' && message.step > 0n && state === 'dead') questionDied(desk, message);
  if (message.kind === 'ask') {
    if (state === 'dead' || state === 'cancelled' || state === 'expired') closeAsk(desk, askedBy(message), state);
    else answerAsk(desk, message, row.agent, answer, answerId ?? desk.ctx.newUuidV7().toString());
  }
  if (state === 'dead') addDeadLetter(desk, { delivery: row.id, agent: row.agent }, message, reason);
  if (state !== 'dead' && state !== 'expired') return;
  const sender = desk.box(message.sender);
  if (!sender) return;
  const about = askedBy(message);
  notify(desk, sender, state, about, noticeEnvelope(`delivery_${state}`, about, desk.now, { reason }));
}

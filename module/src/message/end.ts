// Ends deliveries, and reports each end to the asker, the step or the sender.

import type { DeliveryState } from '../contract/words.ts';
import { type Mailbox, mailboxOfDelivery } from '../mailbox.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type Answer, answerAsk } from './answer.ts';
import { askIdOf, closeAsk, recordFailure, withdrawalOf } from './ask.ts';
import { recordAttempt } from './attempts.ts';
import { addDeadLetter } from './dead-letter.ts';
import { fillCredit } from './deliver.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { delay } from './lane.ts';
import { type Attempts, notify, type Offer, releaseOffer } from './offer.ts';
import { backoffMicros, isExpired, isLastAttempt, move, type Trigger } from './rules.ts';

/** The fields of a delivery that its end records and reports. */
export interface EndedDelivery {
  readonly id: bigint;
  /** The mailbox of the holder, or the one that it waited in. */
  readonly agent: bigint;
  readonly message: string;
  readonly attempt: number;
}

/** Ends an offered delivery by a legal move, offers the next one, and reports the end. */
export function endOffered(
  unit: UnitOfWork,
  box: Mailbox,
  row: Offer,
  trigger: Trigger,
  reason: string,
  answer: Answer,
  answerId?: string,
): void {
  releaseOffer(unit, box, row);
  const state = recordEnd(unit, row, row.sender, move('offered', trigger), reason, answerId);
  // Waiting deliveries go before those that this end may create, such as the next step of a workflow.
  fillCredit(unit, box);
  // Most deliveries end here: no agent waits for the end of a plain message that was handled.
  if (row.kind === 'message' && state !== 'dead' && state !== 'expired' && !isOfStep(row)) return;
  const message = unit.ctx.db.message.id.find(row.message);
  if (message) reportEnd(unit, row, message, { state, trigger, reason, answer, answerId });
}

/** Returns true for all messages of workflows, without reading the message; and for few others. */
function isOfStep({ envelope }: Pick<Offer, 'envelope'>): boolean {
  return envelope.includes('"initiatorId":');
}

/** Ends a waiting delivery that was already removed from its lane. */
export function endWaiting(
  unit: UnitOfWork,
  row: EndedDelivery,
  message: Message,
  from: 'queued' | 'delayed',
  trigger: 'dead-letter' | 'expire' | 'cancel' | 'withdraw',
  reason: string,
): void {
  const state = recordEnd(unit, row, message.sender, move(from, trigger), reason);
  reportEnd(unit, row, message, { state, trigger, reason, answer: { status: 'error', error: reason } });
}

/** How an attempt ended: `spared` if no process can have begun it, `crash` if the process of its holder may have ended. */
export type EndOfAttempt = 'try' | 'crash' | 'spared';

/** Returns the attempts of a delivery after the end of the present one. */
export function nextAttempt({ id, attempt, spared, crashes }: Attempts, how: EndOfAttempt): Attempts {
  return {
    id,
    attempt: attempt + 1,
    spared: how === 'spared' ? spared + 1 : spared,
    crashes: how === 'crash' ? Math.min(crashes + 1, 255) : crashes,
  };
}

/** Returns true if a delivery is dead after the present attempt. */
export function isLast({ attempt, spared }: Attempts, how: EndOfAttempt): boolean {
  return how !== 'spared' && isLastAttempt(attempt - spared);
}

/** Puts an offered delivery back with one more attempt, after a backoff. After its last attempt it is dead, after its time to live expired. */
export function giveBack(unit: UnitOfWork, box: Mailbox, row: Offer, reason: string, how: EndOfAttempt = 'try'): void {
  const failure: Answer = { status: 'error', error: reason };
  const message = unit.ctx.db.message.id.find(row.message);
  if (isLast(row, how)) return endOffered(unit, box, row, 'dead-letter', reason, failure);
  if (message && isExpired(message, unit.now))
    return endOffered(unit, box, row, 'expire', 'its time to live has passed', failure);
  if (message?.kind === 'ask') {
    const why = withdrawalOf(unit, message, row.attempt - row.spared);
    if (why !== undefined) return endOffered(unit, box, row, 'withdraw', why, failure);
    recordFailure(unit, askIdOf(message), reason);
  }
  const home = unit.box(mailboxOfDelivery(unit.ctx.db, row.id));
  if (!home) return endOffered(unit, box, row, 'dead-letter', 'its agent was unregistered', failure);
  releaseOffer(unit, box, row);
  recordAttempt(unit, row, reason);
  unit.spend(8);
  const next = nextAttempt(row, how);
  const availableAt = unit.now + (how === 'spared' ? 0n : backoffMicros(next.attempt - next.spared));
  delay(unit, home, { ...next, message: row.message, availableAt, holder: row.agent }, row.sender);
  fillCredit(unit, box);
}

/** Stores the end of a delivery, and subtracts it from the sender's unfinished ones. */
export function recordEnd(
  unit: UnitOfWork,
  row: EndedDelivery,
  sender: bigint,
  state: DeliveryState,
  reason: string,
  answerId = '',
): DeliveryState {
  const { id, agent, message, attempt } = row;
  // An offered row has a lease; a waiting one was offered in an earlier attempt.
  const wasOffered = 'leaseUntil' in row || attempt > 1;
  unit.spend(8);
  unit.ctx.db.ended.insert({ id, agent, message, state, attempt, at: unit.now, reason, answer: answerId, wasOffered });
  const account = unit.account(sender);
  account.unfinished = Math.max(0, account.unfinished - 1);
  unit.markAccountChanged(account);
  return state;
}

/** The end of a delivery, as it is reported. */
interface End {
  readonly state: DeliveryState;
  readonly trigger: Trigger;
  readonly reason: string;
  readonly answer: Answer;
  readonly answerId?: string | undefined;
}

/**
 * Reports an end to the step of a task, the asker of an ask, and, if the delivery failed, its sender. A final failure of an
 * ask is its answer. A final failure of a step is recorded at the step, and is no dead letter.
 */
function reportEnd(unit: UnitOfWork, row: EndedDelivery, message: Message, end: End): void {
  const { state, trigger, reason, answer } = end;
  const isDead = state === 'dead';
  if (message.kind === 'task' && state !== 'cancelled') unit.tasks.ended(unit, message, row, answer);
  if (message.kind === 'message' && message.step > 0n && state !== 'cancelled')
    unit.tasks.approvalRequestEnded(unit, message, trigger);
  let isAnswered = false;
  if (message.kind === 'ask') {
    isAnswered = trigger === 'finish' || trigger === 'fail';
    if (isAnswered) answerAsk(unit, message, row.agent, answer, end.answerId ?? unit.ctx.newUuidV7().toString());
    else if (isDead || state === 'cancelled' || state === 'expired') closeAsk(unit, askIdOf(message), state);
  }
  if (isDead && !(trigger === 'fail' && message.step > 0n)) {
    addDeadLetter(unit, { delivery: row.id, agent: row.agent }, message, reason);
  }
  // The initiator of a workflow learns of it from the step.
  if (message.step > 0n) return;
  if (isAnswered || trigger === 'withdraw' || (!isDead && state !== 'expired')) return;
  const sender = unit.box(message.sender);
  if (!sender) return;
  const about = askIdOf(message);
  const kind = isDead ? 'dead' : 'expired';
  notify(unit, sender, kind, about, noticeEnvelope(`delivery_${kind}`, about, unit.now, { reason }));
}

// The state of an ask: opened with its message, closed once, by an answer, its deadline, its asker or a dead letter.

import type { AskState } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { notify } from './offer.ts';

/** A stored ask. */
export type Ask = NonNullable<ReturnType<Ctx['db']['ask']['message']['find']>>;

/** Returns the id of the ask that a message opens or, as a reply, continues. */
export function askIdOf(message: Pick<Message, 'id' | 'continues'>): string {
  return message.continues === '' ? message.id : message.continues;
}

/** Returns true if an ask still waits for its answer, or for a reply to a question of its recipient. */
export function isOpen(ask: Ask): boolean {
  return ask.state === 'open' || ask.state === 'input_required';
}

/** Opens the ask of a message, and schedules its deadline. */
export function openAsk(unit: UnitOfWork, message: Message): void {
  unit.ctx.db.ask.insert({
    message: message.id,
    asker: message.sender,
    deadline: message.answerBy,
    state: 'open' satisfies AskState,
    answer: '',
    askedBackBy: 0n,
    lastMessage: '',
    signals: 0,
    signalRow: 0n,
    signalDelivery: 0n,
    signalAttempt: 0,
    signalNumber: 0,
  });
  schedule(unit, message.answerBy, 'ask', 0n, message.id);
}

/** Closes an open ask at its deadline, and notifies the asker. */
export function timeOutAsk(unit: UnitOfWork, id: string): void {
  const ask = unit.ctx.db.ask.message.find(id);
  // A reply may have moved the deadline; then this timer is outdated.
  if (!ask || !isOpen(ask) || ask.deadline > unit.now) return;
  endAsk(unit, { ...ask, state: 'timed_out' });
  const asker = unit.box(ask.asker);
  if (asker) notify(unit, asker, 'timeout', id, noticeEnvelope('answer_timeout', id, unit.now, {}));
}

/** Closes an open ask that gets no answer any more. */
export function closeAsk(
  unit: UnitOfWork,
  id: string,
  state: Extract<AskState, 'dead' | 'cancelled' | 'expired'>,
): void {
  const ask = unit.ctx.db.ask.message.find(id);
  if (ask && isOpen(ask)) endAsk(unit, { ...ask, state });
}

/** Stores an ask that has ended, and deletes its signals. */
export function endAsk(unit: UnitOfWork, ask: Ask): void {
  const { db } = unit.ctx;
  let ended = ask;
  if (ask.signals > 0) {
    db.signal.ask.delete(ask.message); // at most 64
    db.offer.id.delete(ask.signalRow);
    ended = { ...ask, signalRow: 0n };
  }
  db.ask.message.update(ended);
}

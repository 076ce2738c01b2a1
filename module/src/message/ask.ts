// The state of an ask: opened with its message, closed once, by an answer, its deadline, its asker or a dead letter.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import type { AskState } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import { movedDeadline } from '../time/absence.ts';
import { schedule } from '../time/schedule.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { type Message, noticeEnvelope } from './envelope.ts';
import { bytesOfNotice, notify } from './offer.ts';

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
    lastFailure: '',
    dependents: 0,
  });
  dependOn(unit, message);
  schedule(unit, message.answerBy, 'ask', 0n, message.id, message.sender);
}

/** Records an ask that is made on behalf of another ask: it is cancelled with that one. */
function dependOn(unit: UnitOfWork, message: Message): void {
  if (message.onBehalfOf === '') return;
  const { db } = unit.ctx;
  const original = db.message.id.find(message.onBehalfOf);
  const ask = original && db.ask.message.find(askIdOf(original));
  if (!ask || !isOpen(ask)) return;
  const no = ask.dependents + 1;
  db.dependentAsk.insert({ message: message.id, ask: ask.message, no });
  db.ask.message.update({ ...ask, dependents: no });
}

/** Closes an open ask at its deadline, and notifies the asker. Returns false if the ask is not due. */
export function timeOutAsk(unit: UnitOfWork, id: string): boolean {
  const ask = unit.ctx.db.ask.message.find(id);
  // A reply may have moved the deadline; then this timer is outdated.
  if (!ask || !isOpen(ask) || ask.deadline > unit.now) return false;
  const until = movedDeadline(unit, ask.deadline);
  if (until > unit.now) {
    schedule(unit, until, 'ask', 0n, id, ask.asker);
    return false;
  }
  endAsk(unit, { ...ask, state: 'timed_out' });
  const asker = unit.box(ask.asker);
  const payload = ask.lastFailure === '' ? {} : { reason: ask.lastFailure };
  if (asker) notify(unit, asker, 'timeout', id, noticeEnvelope('answer_timeout', id, unit.now, payload));
  return true;
}

/**
 * Returns the reason why an ask is offered to no further agent, or undefined: its deadline has passed, or its asker was
 * unregistered. An ask that was redriven since then (`attempt`) is offered, and its answer is late.
 */
export function withdrawalOf(unit: UnitOfWork, message: Message, attempt: number): string | undefined {
  if (message.kind !== 'ask' || attempt > LIMITS.attempts) return undefined;
  if (!unit.box(message.sender)) return 'its asker was unregistered';
  const ask = message.answerBy > unit.now ? undefined : unit.ctx.db.ask.message.find(askIdOf(message));
  return ask?.state === 'timed_out' ? 'the deadline of its answer has passed' : undefined;
}

/** Records the reason of a failed attempt; the notice of a timeout has the last one. */
export function recordFailure(unit: UnitOfWork, id: string, reason: string): void {
  const ask = unit.ctx.db.ask.message.find(id);
  if (ask && isOpen(ask)) unit.ctx.db.ask.message.update({ ...ask, lastFailure: reason });
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
    removeSignals(unit, ask);
    const shown = db.offer.id.find(ask.signalRow);
    if (shown) {
      db.offer.id.delete(shown.id);
      unit.addBytes(shown.agent, -bytesOfNotice(shown));
    }
    ended = { ...ask, signalRow: 0n };
  }
  db.ask.message.update(ended);
}

/** Deletes the signals of an ask: at most `LIMITS.signals`. */
export function removeSignals(unit: UnitOfWork, { message, asker }: Pick<Ask, 'message' | 'asker'>): void {
  const { signal } = unit.ctx.db;
  for (const row of signal.ask.filter(message)) unit.addBytes(asker, -bytesOfSignal(row));
  signal.ask.delete(message);
}

/** Returns the bytes that a signal counts. The asker is charged for it. */
export function bytesOfSignal({ data }: { readonly data: string }): number {
  return ROW_BYTES.signal + byteLength(data);
}

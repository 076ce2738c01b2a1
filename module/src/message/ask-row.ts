// How a question stands.

import type { AskState } from '../contract/words.ts';
import type { Ctx } from '../schema.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** A question, and how it stands. */
export type Ask = NonNullable<ReturnType<Ctx['db']['ask']['message']['find']>>;

/** The question that a message asks, or goes on with. */
export function askedBy(message: Pick<Message, 'id' | 'continues'>): string {
  return message.continues === '' ? message.id : message.continues;
}

/** Whether an ask still waits for its answer, or for a reply to what was asked back. */
export function isOpen(ask: Ask): boolean {
  return ask.state === 'open' || ask.state === 'input_required';
}

/** Notes that a message wants an answer, until when. */
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

// How a question stands.

import type { Ctx } from '../schema.ts';
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

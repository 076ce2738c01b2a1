// Dead letters: what was given up, with the reason, until it is redriven or purged.

import type { Desk } from '../unit-of-work.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Message } from './envelope.ts';

/** Puts a dead delivery, or a broadcast that an agent could not handle (`delivery` 0), on the list, and says so. */
export function addDeadLetter(
  desk: Desk,
  { delivery, agent }: { readonly delivery: bigint; readonly agent: bigint },
  message: Message,
  reason: string,
): void {
  desk.ctx.db.deadLetter.insert({
    no: desk.nextNumber('dead'),
    delivery,
    agent,
    sender: message.sender,
    message: message.id,
    type: message.type,
    reason,
    at: desk.now,
  });
  appendSystemEvent(desk, 'message_dead_lettered', { message_id: message.id, agent_id: Number(agent) });
}

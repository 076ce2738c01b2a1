// Dead letters: deliveries that failed finally, with the reason, until they are redriven or purged.

import { appendSystemEvent } from '../event/append.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** Stores a dead delivery, or a broadcast that an agent could not handle (`delivery` 0), and publishes an event. */
export function addDeadLetter(
  unit: UnitOfWork,
  { delivery, agent }: { readonly delivery: bigint; readonly agent: bigint },
  message: Message,
  reason: string,
): void {
  unit.ctx.db.deadLetter.insert({
    no: unit.nextNumber('dead'),
    delivery,
    agent,
    sender: message.sender,
    message: message.id,
    type: message.type,
    reason,
    at: unit.now,
  });
  appendSystemEvent(unit, 'message_dead_lettered', { message_id: message.id, agent_id: Number(agent) });
}

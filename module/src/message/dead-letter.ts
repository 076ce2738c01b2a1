// Dead letters: deliveries that failed finally, with the reason, until they are redriven or purged.

import { ROW_BYTES } from '../contract/limits.ts';
import { appendSystemEvent } from '../event/append.ts';
import type { Ctx } from '../schema.ts';
import { byteLength } from '../text.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { Message } from './envelope.ts';

/** A stored dead letter. */
export type DeadLetter = NonNullable<ReturnType<Ctx['db']['deadLetter']['no']['find']>>;

/** Stores a dead delivery, or a broadcast that an agent could not handle (`delivery` 0), and publishes an event. */
export function addDeadLetter(
  unit: UnitOfWork,
  { delivery, agent }: { readonly delivery: bigint; readonly agent: bigint },
  message: Message,
  reason: string,
): void {
  const row = unit.ctx.db.deadLetter.insert({
    no: unit.nextNumber('dead'),
    delivery,
    agent,
    sender: message.sender,
    message: message.id,
    type: message.type,
    reason,
    at: unit.now,
  });
  unit.addBytes(row.sender, bytesOfLetter(row));
  appendSystemEvent(unit, message.sender, 'message_dead_lettered', { message_id: message.id, agent_id: Number(agent) });
}

/** Deletes a dead letter. Its delivery stays dead. */
export function removeDeadLetter(unit: UnitOfWork, row: DeadLetter): void {
  unit.ctx.db.deadLetter.no.delete(row.no);
  unit.addBytes(row.sender, -bytesOfLetter(row));
}

function bytesOfLetter({ reason }: Pick<DeadLetter, 'reason'>): number {
  return ROW_BYTES.deadLetter + byteLength(reason);
}

// The wake contract: nobody goes idle with mail unseen, and whoever is idle is woken by the next.

import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { Mailbox, UnitOfWork } from '../unit-of-work.ts';

/** An agent of the caller goes idle, unless something came that it has not seen. */
export function idle(unit: UnitOfWork, agent: bigint, lastOffer: bigint, lastBroadcast: bigint): void {
  const box = unit.own(agent);
  const said = unit.lastNumber('broadcast');
  if (box.offers > lastOffer) {
    refuse('agent/has-mail', `offer ${box.offers} came to "${box.name}", which has seen ${lastOffer}; look again`);
  }
  if (said > lastBroadcast) {
    refuse('agent/has-mail', `broadcast ${said} was said, and "${box.name}" has seen ${lastBroadcast}; look again`);
  }
  box.isIdle = true;
  box.idleBroadcast = said;
  unit.changed(box);
}

/** Whether an agent is idle: an offer has ended that in its own transaction, a broadcast does by its number alone. */
export function isIdle(db: Pick<Ctx['db'], 'logHead'>, box: Pick<Mailbox, 'isIdle' | 'idleBroadcast'>): boolean {
  return box.isIdle && (db.logHead.log.find('broadcast')?.last ?? 0n) <= box.idleBroadcast;
}

// The wake contract: nobody goes idle with mail unseen, and whoever is idle is woken by the next.

import type { Desk, Mailbox } from '../unit-of-work.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';

/** An agent of the caller goes idle, unless something came that it has not seen. */
export function idle(desk: Desk, agent: bigint, lastOffer: bigint, lastBroadcast: bigint): void {
  const box = desk.own(agent);
  const said = desk.lastNumber('broadcast');
  if (box.offers > lastOffer) {
    refuse('agent/has-mail', `offer ${box.offers} came to "${box.name}", which has seen ${lastOffer}; look again`);
  }
  if (said > lastBroadcast) {
    refuse('agent/has-mail', `broadcast ${said} was said, and "${box.name}" has seen ${lastBroadcast}; look again`);
  }
  box.isIdle = true;
  box.idleBroadcast = said;
  desk.changed(box);
}

/** Whether an agent is idle: an offer has ended that in its own transaction, a broadcast does by its number alone. */
export function isIdle(db: Pick<Ctx['db'], 'logHead'>, box: Pick<Mailbox, 'isIdle' | 'idleBroadcast'>): boolean {
  return box.isIdle && (db.logHead.log.find('broadcast')?.last ?? 0n) <= box.idleBroadcast;
}

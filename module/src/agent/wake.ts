// The wake contract: an agent with unseen mail cannot go idle, and the next offer or broadcast wakes an idle one.

import type { Mailbox } from '../mailbox.ts';
import { refuse } from '../refuse.ts';
import type { Ctx } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Sets an agent of the caller idle. Refused if an offer or a broadcast came after the given numbers. */
export function goIdle(unit: UnitOfWork, agent: bigint, lastOffer: bigint, lastBroadcast: bigint): void {
  const box = unit.own(agent);
  const last = unit.lastNumber('broadcast');
  if (box.offers > lastOffer) {
    refuse(
      'agent/has-mail',
      `"${box.name}" has offer ${box.offers}, but has seen only ${lastOffer}; read its inbox first`,
    );
  }
  if (last > lastBroadcast) {
    refuse(
      'agent/has-mail',
      `the last broadcast is ${last}, but "${box.name}" has seen only ${lastBroadcast}; read it first`,
    );
  }
  // An offline or stale agent is offered nothing, so that its mail shows no offer.
  if (!box.online && box.waiting > 0) {
    refuse('agent/has-mail', `"${box.name}" is not online, and ${box.waiting} deliveries wait for it; attach it first`);
  }
  box.isIdle = true;
  box.idleBroadcast = last;
  unit.markBoxChanged(box);
}

/** Returns true if an agent is idle. An offer resets `isIdle` in its own transaction; a broadcast wakes by its number alone. */
export function isIdle(db: Pick<Ctx['db'], 'logHead'>, box: Pick<Mailbox, 'isIdle' | 'idleBroadcast'>): boolean {
  return box.isIdle && (db.logHead.log.find('broadcast')?.last ?? 0n) <= box.idleBroadcast;
}

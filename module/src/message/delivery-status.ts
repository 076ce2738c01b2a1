// The state of a delivery, from the table that has its row.

import { mailboxOfDelivery } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';

/** Returns the state of a delivery, with its holder, attempt, time and reason. */
export function deliveryStatus(db: Ctx['db'], id: bigint) {
  const home = mailboxOfDelivery(db, id);
  const nameOf = (agent: bigint) => db.mailbox.agent.find(agent)?.name ?? '';
  const end = db.ended.id.find(id);
  if (end) {
    const { agent, state, attempt, at, reason, answer } = end;
    return { delivery: id, agent, name: nameOf(agent), state, attempt, at, reason, answer };
  }
  const offered = db.offer.id.find(id);
  if (offered) {
    const { agent, attempt, leaseUntil: at } = offered;
    return { delivery: id, agent, name: nameOf(agent), state: 'offered', attempt, at, reason: '', answer: '' };
  }
  const row = db.waiting.id.find(id);
  // An acknowledged notice leaves no row.
  const isWaiting = Boolean(row ?? db.notice.id.find(id));
  const state = row?.lane === 0 ? 'delayed' : isWaiting ? 'queued' : 'done';
  const { attempt = 0, availableAt: at = 0n } = row ?? {};
  return { delivery: id, agent: home, name: nameOf(home), state, attempt, at, reason: '', answer: '' };
}

// The state of one delivery, wherever its row is.

import type { Ctx } from '../schema.ts';
import { mailboxOfDelivery } from '../unit-of-work.ts';

/** How a delivery stands. */
export function statusOf(db: Ctx['db'], id: bigint) {
  const home = mailboxOfDelivery(id);
  const nameOf = (agent: bigint) => db.mailbox.agent.find(agent)?.name ?? '';
  const end = db.ended.id.find(id);
  if (end) {
    const { agent, state, attempt, at, reason } = end;
    return { agent, name: nameOf(agent), state, attempt, at, reason };
  }
  const offered = db.offer.id.find(id);
  if (offered) {
    const { agent, attempt, leaseUntil: at } = offered;
    return { agent, name: nameOf(agent), state: 'offered', attempt, at, reason: '' };
  }
  const row = db.waiting.id.find(id);
  // A notice that was taken leaves nothing behind.
  const isWaiting = Boolean(row ?? db.notice.id.find(id));
  const state = row?.lane === 0 ? 'delayed' : isWaiting ? 'queued' : 'done';
  return { agent: home, name: nameOf(home), state, attempt: row?.attempt ?? 0, at: row?.availableAt ?? 0n, reason: '' };
}

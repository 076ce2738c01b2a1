// Pages of all mailboxes, for operators.

import { LIMITS } from '../contract/limits.ts';
import { queueNumber } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';

/** Returns the mailboxes after a number, agents before work queues, and the `after` of the next page. Looks up `LIMITS.lookUps` numbers. */
export function mailboxesAfter(db: Ctx['db'], after: bigint, limit: number) {
  const lastAgent = db.logHead.log.find('agent')?.last ?? 0n;
  const last = queueNumber(db.logHead.log.find('queue')?.last ?? 0n);
  const rows = [];
  let seen = after;
  for (let looked = 0; looked < LIMITS.lookUps && rows.length < limit && seen < last; looked++) {
    seen = seen === lastAgent || (seen > lastAgent && seen < queueNumber(0n)) ? queueNumber(1n) : seen + 1n;
    const row = seen <= last ? mailboxRow(db, seen) : undefined;
    if (row) rows.push(row);
  }
  return { rows, next: seen < last ? seen : 0n };
}

function mailboxRow(db: Ctx['db'], number: bigint) {
  const box = db.mailbox.agent.find(number);
  if (!box) return undefined;
  const { agent, name, online, credit, held, waiting, notices } = box;
  const unfinished = db.account.agent.find(agent)?.unfinished ?? 0;
  return { agent, name, owner: box.owner.toHexString(), online, credit, held, waiting, notices, unfinished };
}

// Pages of all mailboxes, for operators.

import { LIMITS } from '../contract/limits.ts';
import { queueNumber } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';

/** Yields the numbers of mailboxes after a number, agents before work queues: at most `LIMITS.lookUps`, used or not. */
export function* mailboxNumbers(
  db: Ctx['db'],
  after: bigint,
): Generator<{ readonly no: bigint; readonly isLast: boolean }> {
  const lastAgent = db.logHead.log.find('agent')?.last ?? 0n;
  const last = queueNumber(db.logHead.log.find('queue')?.last ?? 0n);
  let no = after;
  for (let looked = 0; looked < LIMITS.lookUps && no < last; looked++) {
    no = no === lastAgent || (no > lastAgent && no < queueNumber(0n)) ? queueNumber(1n) : no + 1n;
    if (no <= last) yield { no, isLast: no === last };
  }
}

/** Returns the mailboxes after a number, and the `after` of the next page. Looks up `LIMITS.lookUps` numbers. */
export function mailboxesAfter(db: Ctx['db'], after: bigint, limit: number) {
  const rows = [];
  let next = 0n;
  for (const { no, isLast } of mailboxNumbers(db, after)) {
    const row = mailboxRow(db, no);
    if (row) rows.push(row);
    next = isLast ? 0n : no;
    if (rows.length === limit) break;
  }
  return { rows, next };
}

function mailboxRow(db: Ctx['db'], number: bigint) {
  const box = db.mailbox.agent.find(number);
  if (!box) return undefined;
  const { agent, name, online, credit, held, waiting, notices } = box;
  const unfinished = db.account.agent.find(agent)?.unfinished ?? 0;
  return { agent, name, owner: box.owner.toHexString(), online, credit, held, waiting, notices, unfinished };
}

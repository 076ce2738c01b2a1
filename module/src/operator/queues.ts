// The longest queues of the hub, and since when the oldest delivery of each waits.

import type { Mailbox } from '../mailbox.ts';
import { LANES } from '../message/rules.ts';
import type { Ctx } from '../schema.ts';
import { mailboxNumbers } from './mailbox-page.ts';

/** Positions that are looked up for the head of a lane. */
const MAX_HOLES = 32n;

/**
 * Returns the longest queues among the mailboxes after a number, the oldest waiting delivery of all of those, and the `after` of
 * the next page. Looks up `LIMITS.lookUps` mailboxes.
 */
export function longestQueues(db: Ctx['db'], after: bigint, limit: number) {
  const boxes: Mailbox[] = [];
  let oldestAt = 0n;
  let oldestOf = '';
  let next = 0n;
  for (const { no, isLast } of mailboxNumbers(db, after)) {
    next = isLast ? 0n : no;
    const box = db.mailbox.agent.find(no);
    if (!box || box.waiting + box.held === 0) continue;
    boxes.push(box);
    const at = oldestWaiting(db, box);
    if (at === 0n || (oldestAt > 0n && at >= oldestAt)) continue;
    oldestAt = at;
    oldestOf = box.name;
  }
  boxes.sort((a, b) => b.waiting - a.waiting || b.held - a.held);
  const rows = boxes.slice(0, limit).map(box => {
    const { agent, name, online, held, waiting, delayed } = box;
    return { agent, name, online, held, waiting, delayed, oldestAt: oldestWaiting(db, box) };
  });
  return { rows, oldestAt, oldestOf, next };
}

/** Returns since when the first delivery of a lane is available, the oldest of all lanes; 0 if none waits. */
function oldestWaiting(db: Ctx['db'], box: Mailbox): bigint {
  if (box.waiting === 0) return 0n;
  let oldest = 0n;
  for (const lane of LANES) {
    const tail = box.tails[lane - 1] ?? 0n;
    const head = box.heads[lane - 1] ?? 0n;
    let at = 0n;
    // A full key: one row at most. Positions are dense except for removed deliveries.
    for (let position = head; at === 0n && position < tail && position < head + MAX_HOLES; position++) {
      for (const row of db.waiting.byLane.filter([box.agent, lane, position])) at = row.availableAt;
    }
    if (at > 0n && (oldest === 0n || at < oldest)) oldest = at;
  }
  return oldest;
}

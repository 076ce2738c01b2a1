// Ends the deliveries of an unregistered agent: offered ones immediately, its lanes in chunks.

import { LIMITS, ROW_BYTES } from '../contract/limits.ts';
import { isQueue, type Mailbox, mailboxOfDelivery } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import { isObject, parseJson } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { endOffered, endWaiting, giveBack } from './end.ts';
import { bytesOfNotice } from './offer.ts';
import { LANES } from './rules.ts';

const CHUNK = 256n;
const REASON = 'its agent was unregistered';
const DESERTED = 'no agent announced its capability for too long';

/** Ends the offered deliveries of a mailbox: its own are dead, those of work queues go back there. */
export function deadLetterOffers(unit: UnitOfWork, box: Mailbox): void {
  // At most `credit + criticalCredit` deliveries, and the notices.
  for (const { id } of [...unit.ctx.db.offer.agent.filter(box.agent)]) {
    // Read again: the end of one may have cancelled another of the same workflow.
    const row = unit.ctx.db.offer.id.find(id);
    if (!row || row.attempt === 0) continue;
    if (row.agent === mailboxOfDelivery(unit.ctx.db, row.id))
      endOffered(unit, box, row, 'dead-letter', REASON, { status: 'error', error: REASON });
    else giveBack(unit, box, row, REASON);
  }
  // Notices, also those that these ends have just created: the visible ones, and one for each open ask with progress.
  for (const row of unit.ctx.db.offer.agent.filter(box.agent)) unit.addBytes(box.agent, -bytesOfNotice(row));
  unit.ctx.db.offer.agent.delete(box.agent);
}

/** Schedules the end of the deliveries in the lanes of a deleted mailbox, and of its queued notices. */
export function deadLetterLanesLater(unit: UnitOfWork, agent: bigint, box: Lanes): void {
  const lanes = JSON.stringify({
    heads: box.heads.map(String),
    tails: box.tails.map(String),
    noticeHead: String(box.noticeHead),
    noticeTail: String(box.noticeTail),
  });
  schedule(unit, unit.now, 'unregistered', agent, lanes);
}

/** Timer: removes a work queue that no agent has announced for `keepQueuesMs`; its deliveries are dead. */
export function removeDeserted(unit: UnitOfWork, number: bigint): void {
  const queue = unit.box(number);
  if (!queue) return;
  queue.sweepAt = 0n;
  unit.markBoxChanged(queue);
  if (queue.capabilities > 0) return;
  const at = queue.offlineSince + toMicros(LIMITS.keepQueuesMs);
  if (at > unit.now) {
    queue.sweepAt = at;
    return schedule(unit, at, 'deserted', number);
  }
  unit.removeBox(queue);
  unit.addBytes(0n, -ROW_BYTES.queue);
  if (queue.waiting > 0) deadLetterLanesLater(unit, number, queue);
}

/** Ends a chunk of the lanes of a deleted mailbox; `text` has their positions. Bound: `rowsPerCall`, or 256 positions. */
export function deadLetterLanes(unit: UnitOfWork, agent: bigint, text: string): void {
  const lanes = parseJson(text)?.value;
  if (!isObject(lanes)) return;
  const heads = bigints(lanes['heads']);
  const tails = bigints(lanes['tails']);
  let left = CHUNK;
  const [firstNotice = 0n, noticeTail = 0n] = bigints([lanes['noticeHead'], lanes['noticeTail']]);
  let noticeHead = firstNotice;
  for (; noticeHead < noticeTail && left > 0n && !unit.isSpent; noticeHead++, left--) {
    // A full key: one row.
    for (const row of [...unit.ctx.db.notice.byPosition.filter([agent, noticeHead])]) {
      unit.ctx.db.notice.id.delete(row.id);
      unit.addBytes(agent, -bytesOfNotice(row));
    }
  }
  for (const lane of LANES) {
    let at = heads[lane - 1] ?? 0n;
    const tail = tails[lane - 1] ?? 0n;
    for (; at < tail && left > 0n && !unit.isSpent; at++, left--) {
      // A full key: one row, or none at an empty position.
      for (const row of [...unit.ctx.db.waiting.byLane.filter([agent, lane, at])]) {
        unit.ctx.db.waiting.id.delete(row.id);
        const message = unit.ctx.db.message.id.find(row.message);
        if (message) endWaiting(unit, row, message, 'queued', 'dead-letter', isQueue(agent) ? DESERTED : REASON);
      }
    }
    heads[lane - 1] = at;
  }
  const isMore = noticeHead < noticeTail || LANES.some(lane => (heads[lane - 1] ?? 0n) < (tails[lane - 1] ?? 0n));
  if (isMore) deadLetterLanesLater(unit, agent, { heads, tails, noticeHead, noticeTail });
}

type Lanes = Pick<Mailbox, 'heads' | 'tails' | 'noticeHead' | 'noticeTail'>;

function bigints(value: unknown): bigint[] {
  return Array.isArray(value) ? value.map(each => BigInt(String(each))) : [];
}

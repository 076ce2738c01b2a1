// The queue an agent leaves behind when it is unregistered: dead, a chunk at a time.

import { isObject, parseJson } from '../text.ts';
import { schedule } from '../time/schedule.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { endWaiting } from './end.ts';
import { LANES } from './rules.ts';

const CHUNK = 256n;

/** Buries a chunk of the lanes of an agent that is gone. `text` says where its lanes begin and end. */
export function sweepUnregistered(unit: UnitOfWork, agent: bigint, text: string): void {
  const lanes = parseJson(text)?.value;
  if (!isObject(lanes)) return;
  const heads = bigints(lanes['heads']);
  const tails = bigints(lanes['tails']);
  let left = CHUNK;
  for (const lane of LANES) {
    let at = heads[lane - 1] ?? 0n;
    const tail = tails[lane - 1] ?? 0n;
    for (; at < tail && left > 0n; at++, left--) {
      // A full key: one row, or none where there was a hole.
      for (const row of [...unit.ctx.db.waiting.byLane.filter([agent, lane, at])]) {
        unit.ctx.db.waiting.id.delete(row.id);
        const message = unit.ctx.db.message.id.find(row.message);
        if (message) endWaiting(unit, row, message, 'queued', 'give-up', 'its agent was unregistered');
      }
    }
    heads[lane - 1] = at;
  }
  const isMore = LANES.some(lane => (heads[lane - 1] ?? 0n) < (tails[lane - 1] ?? 0n));
  if (isMore)
    schedule(unit, unit.now, 'gone', agent, JSON.stringify({ heads: heads.map(String), tails: tails.map(String) }));
}

function bigints(value: unknown): bigint[] {
  return Array.isArray(value) ? value.map(each => BigInt(String(each))) : [];
}

// Reads an inbox without a change: what an agent holds, and what is queued for it, in the order of the next offers.

import { LIMITS } from '../contract/limits.ts';
import type { Mailbox } from '../mailbox.ts';
import { toMicros } from '../micros.ts';
import type { Ctx } from '../schema.ts';
import { envelopeOf } from './envelope.ts';
import { isExpired, LANES, rank } from './rules.ts';

/** A row of an inbox, or a delivery that is queued for it. */
export interface PeekedDelivery {
  readonly delivery: bigint;
  readonly kind: string;
  /** `taken`: the offline agent keeps it for more than a default lease from now. */
  readonly state: 'offered' | 'taken' | 'queued';
  /** 0 for a notice. */
  readonly attempt: number;
  /** The end of the lease (0 for a notice), or the time since which it is available. */
  readonly at: bigint;
  readonly envelope: string;
}

/** Returns the inbox rows of an agent, except progress: at most its credit, four critical ones and 128 notices. */
export function peekOffered(db: Ctx['db'], { agent, keptUntil }: Mailbox, now: bigint): PeekedDelivery[] {
  const isTaken = (leaseUntil: bigint) => leaseUntil <= keptUntil && leaseUntil > now + toMicros(LIMITS.leaseMs);
  return [...db.offer.agent.filter(agent)]
    .filter(row => row.kind !== 'progress')
    .sort((a, b) => (a.seq < b.seq ? -1 : 1))
    .map(({ id: delivery, kind, attempt, leaseUntil: at, envelope }) => {
      return { delivery, kind, state: isTaken(at) ? 'taken' : 'offered', attempt, at, envelope };
    });
}

/** Returns the first deliveries of each lane, at most `limit` per lane, in the order in which they would be offered at `now`. */
export function peekQueued(db: Ctx['db'], box: Mailbox, limit: number, now: bigint): PeekedDelivery[] {
  const found: { readonly rank: bigint; readonly row: PeekedDelivery }[] = [];
  for (const lane of [...LANES].reverse()) {
    const tail = box.tails[lane - 1] ?? 0n;
    let at = box.heads[lane - 1] ?? 0n;
    let count = 0;
    // Positions are dense except for removed deliveries: look-ups by full key, at most `LIMITS.lookUps` in all.
    for (const end = at + BigInt(LIMITS.lookUps / 4); at < tail && at < end && count < limit; at++) {
      for (const { id, message: about, availableAt, attempt } of db.waiting.byLane.filter([box.agent, lane, at])) {
        const message = db.message.id.find(about);
        if (!message || isExpired(message, now)) continue;
        const kind = message.kind === 'broadcast' ? 'message' : message.kind;
        const row: PeekedDelivery = {
          ...{ delivery: id, kind, state: 'queued', attempt, at: availableAt },
          envelope: envelopeOf(message),
        };
        found.push({ rank: rank(availableAt, lane), row });
        count++;
      }
    }
  }
  // The lanes were read from the highest priority down, which is already the strict order.
  if (!box.strict) found.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  return found.map(({ row }) => row);
}

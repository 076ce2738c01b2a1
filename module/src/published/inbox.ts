// What an agent holds and what waits for it, read without taking any of it.

import { t } from 'spacetimedb/server';
import { readableMailbox } from '../access.ts';
import { checkPage } from '../checks.ts';
import { BOOST_MS, LIMITS } from '../contract/limits.ts';
import type { Priority } from '../contract/words.ts';
import { envelopeOf } from '../message/envelope.ts';
import { agora, type Ctx } from '../schema.ts';
import { offer } from '../tables/message.ts';

type Db = Ctx['db'];
type Box = NonNullable<ReturnType<Db['mailbox']['agent']['find']>>;

const PeekRow = t.object('PeekRow', {
  delivery: t.u64(),
  /** As in an inbox; progress is left out. */
  kind: t.string(),
  /** `offered` or `queued`. */
  state: t.string(),
  /** 0 for notices. */
  attempt: t.u32(),
  /** Until when it is offered (0 for notices), or since when it could be. */
  at: t.i64(),
  envelope: t.string(),
});
type PeekRow = {
  delivery: bigint;
  kind: string;
  state: string;
  attempt: number;
  at: bigint;
  envelope: string;
};

const Peek = t.object('InboxPeek', {
  online: t.bool(),
  credit: t.u32(),
  /** Deliveries that are offered, and that wait in lanes; what is delayed is not counted before its time. */
  held: t.u32(),
  waiting: t.u32(),
  rows: t.array(PeekRow),
});

/**
 * What is offered to an agent of the caller (any, for an operator), then what waits, in the order in which it would be
 * offered now. Nothing changes by it: nothing is offered, and no attempt is begun.
 */
export const peekInbox = agora.procedure({ agent: t.u64(), limit: t.u32() }, Peek, (ctx, { agent, limit }) => {
  checkPage(limit);
  return ctx.withTx(tx => {
    const box = readableMailbox(tx, agent);
    const { online, credit, held, waiting } = box;
    const rows = [...offered(tx.db, agent), ...queued(tx.db, box, limit, tx.timestamp.microsSinceUnixEpoch)];
    return { online, credit, held, waiting, rows: rows.slice(0, limit) };
  });
});

/** What the agent sees: its credit, four critical ones and 128 notices at most. */
function offered(db: Db, agent: bigint): PeekRow[] {
  return [...db.offer.agent.filter(agent)]
    .filter(row => row.kind !== 'progress')
    .sort((a, b) => (a.seq < b.seq ? -1 : 1))
    .map(({ id: delivery, kind, attempt, leaseUntil: at, envelope }) => {
      return { delivery, kind, state: 'offered', attempt, at, envelope };
    });
}

/** The first of each lane, merged by rank. Positions are dense but for holes: look-ups by full key, of a bounded number. */
function queued(db: Db, box: Box, limit: number, now: bigint): PeekRow[] {
  const found: { readonly rank: bigint; readonly row: PeekRow }[] = [];
  for (const lane of [4, 3, 2, 1] satisfies Priority[]) {
    const tail = box.tails[lane - 1] ?? 0n;
    let at = box.heads[lane - 1] ?? 0n;
    let count = 0;
    for (const end = at + BigInt(LIMITS.lookUps / 4); at < tail && at < end && count < limit; at++) {
      for (const { id, message: about, availableAt, attempt } of db.waiting.byLane.filter([box.agent, lane, at])) {
        const message = db.message.id.find(about);
        if (!message || (message.ttlMs > 0n && message.acceptedAt + message.ttlMs * 1000n <= now)) continue;
        const kind = message.kind === 'broadcast' ? 'message' : message.kind;
        const row = { delivery: id, kind, state: 'queued', attempt, at: availableAt, envelope: envelopeOf(message) };
        found.push({ rank: availableAt - BigInt(BOOST_MS[lane]) * 1000n, row });
        count++;
      }
    }
  }
  // The lanes were read from the highest priority on, which is the order of an agent that wants it strict.
  if (!box.strict) found.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  return found.map(({ row }) => row);
}

/** What is offered to the caller's agents: their credits' worth of deliveries, and notices not yet taken. */
export const myInbox = agora.view({ public: true }, t.array(offer.rowType), ctx => [
  ...ctx.db.offer.owner.filter(ctx.sender),
]);

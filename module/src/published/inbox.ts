// The inbox of an agent: as a live view, and as a procedure that also shows queued deliveries.

import { t } from 'spacetimedb/server';
import { readableMailbox } from '../access.ts';
import { checkPage } from '../checks.ts';
import { peekOffered, peekQueued } from '../message/peek.ts';
import { agora } from '../schema.ts';

const PeekRow = t.object('PeekRow', {
  delivery: t.u64(),
  /** As in an inbox; progress is left out. */
  kind: t.string(),
  /** `offered`, `taken` (kept by an agent without a connection) or `queued`. */
  state: t.string(),
  /** 0 for notices. */
  attempt: t.u32(),
  /** The end of the lease (0 for notices), or the time since which it is available. */
  at: t.i64(),
  envelope: t.string(),
});

const Peek = t.object('InboxPeek', {
  online: t.bool(),
  credit: t.u32(),
  /** Offered deliveries, and queued ones; delayed ones are not counted. */
  held: t.u32(),
  waiting: t.u32(),
  rows: t.array(PeekRow),
});

/**
 * Returns the offered deliveries of an agent of the caller (any agent, for an operator), then the queued ones in the order in
 * which they would be offered now. Changes nothing.
 */
export const peekInbox = agora.procedure({ agent: t.u64(), limit: t.u32() }, Peek, (ctx, { agent, limit }) => {
  checkPage(limit);
  return ctx.withTx(tx => {
    const box = readableMailbox(tx, agent);
    const { online, credit, held, waiting } = box;
    const now = tx.timestamp.microsSinceUnixEpoch;
    const rows = [...peekOffered(tx.db, box, now), ...peekQueued(tx.db, box, limit, now)];
    return { online, credit, held, waiting, rows: rows.slice(0, limit) };
  });
});

/** A row of `myInbox`: a type of its own, so that a column of `offer` is no change of the contract. */
const InboxRow = t.row('InboxRow', {
  /** The key makes a change of a row an update for clients. */
  id: t.u64().primaryKey(),
  owner: t.identity(),
  agent: t.u64(),
  kind: t.string(),
  message: t.string(),
  priority: t.u8(),
  attempt: t.u32(),
  leaseUntil: t.i64(),
  envelope: t.string(),
  seq: t.u64(),
  sender: t.u64(),
});

/** Inbox rows of the caller's agents: offered deliveries up to their credit, and notices. */
export const myInbox = agora.view({ public: true }, t.array(InboxRow), ctx => [
  ...ctx.db.offer.owner.filter(ctx.sender),
]);

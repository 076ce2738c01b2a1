// What is too long for a view, and what became of what was sent. Each checks its caller.

import { t } from 'spacetimedb/server';
import { isSame, requireAdmitted, requireOwn } from '../access.ts';
import { LIMITS } from '../contract/limits.ts';
import { mailboxOfDelivery } from '../desk.ts';
import { refuse } from '../refuse.ts';
import { agora, type Ctx } from '../schema.ts';
import { failureOf, isHandled } from './broadcast.ts';

/** The database as a procedure's transaction sees it. */
type Db = Ctx['db'];

/** The payload of an offered delivery or notice of the caller, as JSON. */
export const readPayload = agora.procedure({ delivery: t.u64() }, t.string(), (ctx, { delivery }) =>
  ctx.withTx(tx => {
    requireAdmitted(tx);
    const row = tx.db.offer.id.find(delivery);
    const message = row && isSame(row.owner, ctx.sender) ? tx.db.message.id.find(row.message) : undefined;
    return message?.payload ?? refuse('delivery/unknown', `there is no offered delivery ${delivery} of yours`);
  }),
);

const BroadcastRow = t.object('BroadcastRow', {
  seq: t.u64(),
  sender: t.u64(),
  priority: t.u8(),
  envelope: t.string(),
  /** How often the agent has failed it. */
  failures: t.u32(),
});
const BroadcastPage = t.object('BroadcastPage', {
  cursor: t.u64(),
  head: t.u64(),
  handled: t.array(t.u64()),
  rows: t.array(BroadcastRow),
  /** The first broadcast that is kept: what lies between the cursor and it was not handled in time. */
  first: t.u64(),
});

/** Broadcasts an agent has not handled, after a number (0: after its cursor), in order. */
export const readBroadcasts = agora.procedure(
  { agent: t.u64(), after: t.u64(), limit: t.u32() },
  BroadcastPage,
  (ctx, { agent, after, limit }) => {
    if (limit === 0 || limit > LIMITS.page) refuse('call/bad-limit', `a page has 1 to ${LIMITS.page} rows`);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const log = tx.db.logHead.log.find('broadcast');
      const head = log?.last ?? 0n;
      const first = log?.first ?? 1n;
      const cursor = tx.db.broadcastCursor.agent.find(agent)?.handled ?? head;
      const rows = [];
      const handled: bigint[] = [];
      const from = [after, cursor, first - 1n].reduce((most, each) => (each > most ? each : most));
      // Numbers are dense: at most a page of look-ups by key, whether or not the row was handled.
      const end = from + BigInt(limit);
      for (let seq = from + 1n; seq <= head && seq <= end; seq++) {
        if (isHandled(tx.db, agent, seq)) handled.push(seq);
        else {
          const row = tx.db.broadcastLog.seq.find(seq);
          if (row) {
            const failures = failureOf(tx.db, agent, seq)?.attempt ?? 0;
            rows.push({ seq, sender: row.sender, priority: row.priority, envelope: row.envelope, failures });
          }
        }
      }
      return { cursor, head, handled, rows, first };
    });
  },
);

const BroadcastStatus = t.object('BroadcastStatusResult', {
  seq: t.u64(),
  recipients: t.u32(),
  handled: t.array(t.string()),
  waiting: t.array(t.string()),
  /** Who has given it up. */
  failed: t.array(t.string()),
});

/** Who has handled a broadcast, for its sender. Looks at the first 1,000 agents. */
export const broadcastStatus = agora.procedure(
  { agent: t.u64(), message: t.string() },
  BroadcastStatus,
  (ctx, { agent, message }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const sent = tx.db.message.id.find(message);
      if (!sent || sent.sender !== agent || sent.broadcast === 0n)
        refuse('message/unknown', `there is no broadcast ${message} of yours`);
      const seq = sent.broadcast;
      const handled: string[] = [];
      const waiting: string[] = [];
      const failed: string[] = [];
      const last = tx.db.logHead.log.find('agent')?.last ?? 0n;
      // Agent ids are dense: look-ups by key, 1,000 names at most.
      for (let id = 1n; id <= last && handled.length + waiting.length + failed.length < 1_000; id++) {
        const cursor = id === agent ? undefined : tx.db.broadcastCursor.agent.find(id);
        if (!cursor || cursor.since >= seq) continue;
        const name = tx.db.mailbox.agent.find(id)?.name ?? '';
        const isOver = cursor.handled >= seq || isHandled(tx.db, id, seq);
        const hasFailed = isOver && failureOf(tx.db, id, seq) !== undefined;
        (hasFailed ? failed : isOver ? handled : waiting).push(name);
      }
      return { seq, recipients: handled.length + waiting.length + failed.length, handled, waiting, failed };
    }),
);

/** How one delivery of a message stands. */
export const DeliveryStatus = t.object('DeliveryStatus', {
  agent: t.u64(),
  name: t.string(),
  state: t.string(),
  attempt: t.u32(),
  at: t.i64(),
  reason: t.string(),
});

/** What became of a message, one row a recipient, for its sender. */
export const messageStatus = agora.procedure(
  { agent: t.u64(), message: t.string() },
  t.array(DeliveryStatus),
  (ctx, { agent, message }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const sent = tx.db.message.id.find(message);
      if (!sent || sent.sender !== agent) refuse('message/unknown', `there is no message ${message} of yours`);
      return sent.deliveries.map(id => statusOf(tx.db, id));
    }),
);

/** How a delivery stands. */
export function statusOf(db: Db, id: bigint) {
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

const Signal = t.object('SignalRow', { seq: t.u32(), data: t.string(), at: t.i64() });

/** The signals of an open ask after a number, in order, for its asker: the last 64 are kept. */
export const readSignals = agora.procedure(
  { agent: t.u64(), message: t.string(), after: t.u32() },
  t.array(Signal),
  (ctx, { agent, message, after }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const ask = tx.db.ask.message.find(message);
      if (!ask || ask.asker !== agent)
        refuse('ask/unknown', `there is no open question ${message.slice(0, 64)} of yours`);
      return [...tx.db.signal.ask.filter(message)] // at most 64
        .filter(row => row.seq > after)
        .sort((a, b) => a.seq - b.seq)
        .map(({ seq, data, at }) => ({ seq, data, at }));
    }),
);

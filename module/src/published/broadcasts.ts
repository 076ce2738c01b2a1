// Broadcasts in pages, and how many recipients have handled one.

import { t } from 'spacetimedb/server';
import { requireAdmitted, requireOwn } from '../access.ts';
import { checkPage } from '../checks.ts';
import { failureOf, isHandled } from '../message/broadcast.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';

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
    checkPage(limit);
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

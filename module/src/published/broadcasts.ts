// Broadcasts in pages, and the handling of one by its recipients.

import { t } from 'spacetimedb/server';
import { requireAdmitted, requireOwn } from '../access.ts';
import { checkPage } from '../checks.ts';
import { isPublished } from '../message/broadcast.ts';
import { broadcastsAfter, handlingOf } from '../message/broadcast-page.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';

const BroadcastRow = t.object('BroadcastRow', {
  seq: t.u64(),
  sender: t.u64(),
  priority: t.u8(),
  envelope: t.string(),
  /** Attempts that the agent has failed. */
  failures: t.u32(),
});
const BroadcastPage = t.object('BroadcastPage', {
  cursor: t.u64(),
  head: t.u64(),
  handled: t.array(t.u64()),
  rows: t.array(BroadcastRow),
  /** The first broadcast that is kept: those between the cursor and it were pruned before they were handled. */
  first: t.u64(),
});

/** Returns the broadcasts that an agent has not handled, after a number (0: after its cursor), in order. */
export const readBroadcasts = agora.procedure(
  { agent: t.u64(), after: t.u64(), limit: t.u32() },
  BroadcastPage,
  (ctx, { agent, after, limit }) => {
    checkPage(limit);
    return ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      return broadcastsAfter(tx.db, agent, after, limit);
    });
  },
);

const BroadcastStatus = t.object('BroadcastStatusResult', {
  seq: t.u64(),
  recipients: t.u32(),
  handled: t.array(t.string()),
  waiting: t.array(t.string()),
  /** Agents that failed it finally. */
  failed: t.array(t.string()),
});

/** Returns which agents have handled a broadcast; for its sender. Lists 1,000 agents at most. */
export const broadcastStatus = agora.procedure(
  { agent: t.u64(), message: t.string() },
  BroadcastStatus,
  (ctx, { agent, message }) =>
    ctx.withTx(tx => {
      requireAdmitted(tx);
      requireOwn(tx.db.mailbox.agent.find(agent), agent, ctx.sender);
      const sent = tx.db.message.id.find(message);
      if (!sent || sent.sender !== agent || !isPublished(sent))
        refuse('message/unknown', `there is no broadcast ${message.slice(0, 64)} of yours`);
      return handlingOf(tx.db, sent.broadcast, agent);
    }),
);

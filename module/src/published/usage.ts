// The usage of an agent, and its limits.

import { t } from 'spacetimedb/server';
import { readableMailbox } from '../access.ts';
import { usageOf } from '../quota/usage.ts';
import { agora } from '../schema.ts';

const Usage = t.object('AgentUsage', {
  /** Recent messages and events, at most `burst`; `rate` of them are subtracted per second. */
  rateUsed: t.u32(),
  rate: t.u32(),
  burst: t.u32(),
  unfinished: t.u32(),
  unfinishedLimit: t.u32(),
  inbox: t.u32(),
  inboxLimit: t.u32(),
  /** Recipients in the last minute. */
  fanOutUsed: t.u32(),
  fanOut: t.u32(),
  /** Of the whole hub. */
  storedBytes: t.i64(),
  storedBytesLimit: t.u64(),
});

/** Returns the usage and the limits of an agent of the caller (any agent, for an operator). */
export const agentUsage = agora.procedure({ agent: t.u64() }, Usage, (ctx, { agent }) =>
  ctx.withTx(tx => usageOf(tx.db, readableMailbox(tx, agent), tx.timestamp.microsSinceUnixEpoch)),
);

// What an agent has used of what it may, and whether it is idle.

import { t } from 'spacetimedb/server';
import { readableMailbox } from '../access.ts';
import { hubOf } from '../hub.ts';
import { debtAfter } from '../quota/rules.ts';
import { agora } from '../schema.ts';

const Usage = t.object('AgentUsage', {
  /** Messages and events just now, of `burst`; `rate` of them are forgotten a second. */
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

/** What an agent of the caller (any, for an operator) has used, and its limits. */
export const agentUsage = agora.procedure({ agent: t.u64() }, Usage, (ctx, { agent }) =>
  ctx.withTx(tx => {
    const box = readableMailbox(tx, agent);
    const hub = hubOf(tx.db);
    const limits = tx.db.quota.agent.find(agent) ?? hub;
    const account = tx.db.account.agent.find(agent);
    const passed = account ? tx.timestamp.microsSinceUnixEpoch - account.at : 0n;
    return {
      rateUsed: Math.ceil(debtAfter(account?.rateDebt ?? 0, passed, limits.rate)),
      rate: limits.rate,
      burst: limits.burst,
      unfinished: account?.unfinished ?? 0,
      unfinishedLimit: limits.unfinished,
      inbox: box.waiting + box.held,
      inboxLimit: limits.inboxLength,
      fanOutUsed: Math.ceil(debtAfter(account?.fanOutDebt ?? 0, passed, limits.fanOut / 60)),
      fanOut: limits.fanOut,
      storedBytes: tx.db.tally.id.find(0)?.bytes ?? 0n,
      storedBytesLimit: hub.storedBytes,
    };
  }),
);

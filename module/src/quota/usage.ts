// Reads how much of its limits an agent has used.

import { hubOf } from '../hub.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Ctx } from '../schema.ts';
import { unfinishedIn } from './charge.ts';
import { debtAfter } from './rules.ts';

/** Returns the usage of an agent at `now`, and its limits. */
export function usageOf(db: Ctx['db'], box: Mailbox, now: bigint) {
  const hub = hubOf(db);
  const limits = db.quota.agent.find(box.agent) ?? hub;
  const account = db.account.agent.find(box.agent);
  const passed = account ? now - account.at : 0n;
  return {
    rateUsed: Math.ceil(debtAfter(account?.rateDebt ?? 0, passed, limits.rate)),
    rate: limits.rate,
    burst: limits.burst,
    unfinished: account?.unfinished ?? 0,
    unfinishedLimit: limits.unfinished,
    inbox: unfinishedIn(box),
    inboxLimit: limits.inboxLength,
    fanOutUsed: Math.ceil(debtAfter(account?.fanOutDebt ?? 0, passed, limits.fanOut / 60)),
    fanOut: limits.fanOut,
    storedBytes: db.tally.id.find(0)?.bytes ?? 0n,
    storedBytesLimit: hub.storedBytes,
  };
}

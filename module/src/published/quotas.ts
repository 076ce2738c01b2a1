// What operators allow: to one agent, to all, and to the hub as a whole.

import { t } from 'spacetimedb/server';
import { HUB_DEFAULTS, LIMITS } from '../contract/limits.ts';
import { type Hub, hubOf, writeHub } from '../hub.ts';
import type { Limits } from '../quota/charge.ts';
import { refuse } from '../refuse.ts';
import { agora } from '../schema.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { asOperator } from './call.ts';

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Kept for this long at most: ten years. */
const MOST_KEPT_MS = BigInt(LIMITS.delayMs) * 10n;

/** Limits an agent, or, with agent 0, every agent without limits of its own. What is not given stays. */
export const setQuota = agora.reducer(
  {
    agent: t.u64(),
    rate: t.option(t.u32()),
    burst: t.option(t.u32()),
    unfinished: t.option(t.u32()),
    inboxLength: t.option(t.u32()),
    fanOut: t.option(t.u32()),
  },
  (ctx, { agent, ...given }) => {
    asOperator(ctx, 'set_quota', unit => {
      for (const [name, value] of Object.entries(given)) {
        if (value === 0) refuse('quota/bad-limit', `${name} is at least 1`);
      }
      write(unit, agent, given);
      return { agent: Number(agent), ...given };
    });
  },
);

/** An agent is held to the limits of all again; with agent 0, all are to the ones that a fresh hub has. */
export const clearQuota = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  asOperator(ctx, 'clear_quota', () => {
    if (agent === 0n) {
      const { rate, burst, unfinished, inboxLength, fanOut } = HUB_DEFAULTS;
      writeHub(ctx.db, { rate, burst, unfinished, inboxLength, fanOut });
    } else if (!ctx.db.quota.agent.delete(agent)) return undefined;
    return { agent: Number(agent) };
  });
});

/** What the hub stores, and for how long it keeps what is over. What is not given stays. */
export const setHubLimits = agora.reducer(
  {
    storedBytes: t.option(t.u64()),
    keepMessagesMs: t.option(t.u64()),
    keepEventsMs: t.option(t.u64()),
    keepWorkflowsMs: t.option(t.u64()),
  },
  (ctx, { storedBytes, ...keeps }) => {
    asOperator(ctx, 'set_hub_limits', unit => {
      if (storedBytes === 0n || (storedBytes ?? 0n) > BigInt(Number.MAX_SAFE_INTEGER))
        refuse('quota/bad-limit', `storedBytes is 1 to ${Number.MAX_SAFE_INTEGER}`);
      for (const [name, ms] of Object.entries(keeps)) {
        if (ms !== undefined && (ms < BigInt(LIMITS.minRetentionMs) || ms > MOST_KEPT_MS))
          refuse('quota/bad-limit', `${name} is ${LIMITS.minRetentionMs} to ${MOST_KEPT_MS}`);
      }
      const { keepMessagesMs: kept, idsSince } = unit.hub;
      // What was forgotten stays forgotten, so ids from before are refused though they would be young enough now.
      const forgotten = (keeps.keepMessagesMs ?? kept) > kept ? unit.now - kept * 1000n : 0n;
      const changes: Partial<Hub> = { ...given(keeps), ...given({ storedBytes }) };
      writeHub(ctx.db, { ...changes, idsSince: forgotten > idsSince ? forgotten : idsSince });
      return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, Number(value)]));
    });
  },
);

function write(unit: UnitOfWork, agent: bigint, changes: Given<Limits>): void {
  const { db } = unit.ctx;
  if (agent === 0n) return writeHub(db, given(changes));
  if (!unit.box(agent)) refuse('agent/unknown', `there is no agent ${agent}`);
  const own = db.quota.agent.find(agent);
  const { rate, burst, unfinished, inboxLength, fanOut } = own ?? hubOf(db);
  const row = { agent, rate, burst, unfinished, inboxLength, fanOut, ...given(changes) };
  if (own) db.quota.agent.update(row);
  else db.quota.insert(row);
}

/** Only what is given. */
function given<T extends object>(fields: Given<T>): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

// Limits that operators set: for one agent, for all agents, and for the hub.

import { t } from 'spacetimedb/server';
import { clearLimits, setLimits, setStorage } from '../quota/limits.ts';
import { requireOperator } from '../access.ts';
import { hubOf } from '../hub.ts';
import { agora } from '../schema.ts';
import { asOperator } from './call.ts';

/** Changes the given limits of an agent or, with agent 0, of all agents without individual ones; for operators. */
export const setQuota = agora.reducer(
  {
    agent: t.u64(),
    rate: t.option(t.u32()),
    burst: t.option(t.u32()),
    unfinished: t.option(t.u32()),
    inboxLength: t.option(t.u32()),
    fanOut: t.option(t.u32()),
  },
  (ctx, { agent, ...limits }) => {
    asOperator(ctx, 'set_quota', unit => {
      setLimits(unit, agent, limits);
      return { agent: Number(agent), ...limits };
    });
  },
);

/** Removes the individual limits of an agent or, with agent 0, resets those of all agents to the defaults; for operators. */
export const clearQuota = agora.reducer({ agent: t.u64() }, (ctx, { agent }) => {
  asOperator(ctx, 'clear_quota', unit => (clearLimits(unit, agent) ? { agent: Number(agent) } : undefined));
});

/** Changes the given storage limit, retention times and bound of hops of the hub; for operators. */
export const setHubLimits = agora.reducer(
  {
    storedBytes: t.option(t.u64()),
    keepMessagesMs: t.option(t.u64()),
    keepEventsMs: t.option(t.u64()),
    keepWorkflowsMs: t.option(t.u64()),
    hops: t.option(t.u32()),
  },
  (ctx, changes) => {
    asOperator(ctx, 'set_hub_limits', unit => {
      const written = setStorage(unit, changes);
      return Object.fromEntries(Object.entries(written).map(([name, value]) => [name, Number(value)]));
    });
  },
);

const HubSettings = t.object('HubSettings', {
  /** Limits of agents without individual ones. */
  rate: t.u32(),
  burst: t.u32(),
  unfinished: t.u32(),
  inboxLength: t.u32(),
  fanOut: t.u32(),
  storedBytes: t.u64(),
  keepMessagesMs: t.u64(),
  keepEventsMs: t.u64(),
  keepWorkflowsMs: t.u64(),
  hops: t.u32(),
});

/** Returns the limits and retention times that the hub uses now; for operators. */
export const hubSettings = agora.procedure(HubSettings, ctx =>
  ctx.withTx(tx => {
    requireOperator(tx);
    const { id: _, admission: __, idsSince: ___, ...settings } = hubOf(tx.db);
    return settings;
  }),
);

// Accounts and limits of agents, and the settings of the hub.

import { t, table } from 'spacetimedb/server';

/** The load that an agent has caused. Agent 0 is the hub itself, without limits. Kept until its last message is pruned. */
export const account = table(
  {},
  {
    agent: t.u64().primaryKey(),
    /** Deliveries that have not ended. */
    unfinished: t.u32(),
    /** Messages per second and recipients per minute, each as a debt that drains with time (`quota/rules.ts`). */
    rateDebt: t.f64(),
    fanOutDebt: t.f64(),
    /** Time up to which the debts have drained. */
    at: t.i64(),
    /** Numbers of its last message, and of the first kept one. */
    sent: t.u64(),
    firstKept: t.u64(),
    /** Bytes of the stored rows that it has caused. */
    stored: t.i64().default(0n),
    /** The highest id of its messages so far, or empty. */
    lastId: t.string().default(''),
  },
);

const limits = {
  rate: t.u32(),
  burst: t.u32(),
  unfinished: t.u32(),
  inboxLength: t.u32(),
  fanOut: t.u32(),
};

/** Limits of one agent, in place of the hub's. */
export const quota = table({}, { agent: t.u64().primaryKey(), ...limits });

/** Settings of the hub: one row after the first change by an operator, no row (`HUB_DEFAULTS`) before. */
export const hub = table(
  {},
  {
    id: t.u8().primaryKey(),
    admission: t.string(),
    ...limits,
    storedBytes: t.u64(),
    keepMessagesMs: t.u64(),
    keepEventsMs: t.u64(),
    keepWorkflowsMs: t.u64(),
    /** Ids of messages, events and workflows from before this time (microseconds) are refused: they may have been used and pruned. */
    idsSince: t.i64(),
    /** Messages in a chain of replies, forwards and messages on behalf of others. */
    hops: t.u32().default(256),
  },
);

/** Stored bytes: the sum over all accounts; one row. */
export const tally = table({}, { id: t.u8().primaryKey(), bytes: t.i64() });

// What an agent has caused, what it may, and what the hub keeps.

import { t, table } from 'spacetimedb/server';

/** What an agent has caused. Agent 0 is the hub itself, which has no limits. Kept until its last message is pruned. */
export const account = table(
  {},
  {
    agent: t.u64().primaryKey(),
    /** Deliveries that have not ended. */
    unfinished: t.u32(),
    /** Messages a second and recipients a minute, as debts that are worked off with time. */
    rateDebt: t.f64(),
    fanOutDebt: t.f64(),
    /** Until when they have been worked off. */
    at: t.i64(),
    /** The number of its last message, and of the first that is still kept. */
    sent: t.u64(),
    firstKept: t.u64(),
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

/** What the hub allows and how long it keeps things: one row, once an operator has said something (`HUB_DEFAULTS` before). */
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
    /** Ids of messages from before are refused (microseconds): they may have been used, and forgotten. */
    idsSince: t.i64(),
  },
);

/** Bytes of messages, events and workflows (definitions, outputs) that are stored: one row. */
export const tally = table({}, { id: t.u8().primaryKey(), bytes: t.i64() });

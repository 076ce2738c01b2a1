// Operators, admission to the hub, and its counters.

import { t, table } from 'spacetimedb/server';

/** One row per operator. */
export const operator = table({}, { identity: t.identity().primaryKey(), grantedAt: t.i64() });

/** A rule that admits to a closed hub: one identity, or all tokens of an issuer for an audience. */
export const admissionRule = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    /** An identity in hexadecimal, or empty. */
    identity: t.string(),
    issuer: t.string().index('btree'),
    audience: t.string(),
    note: t.string(),
    admittedAt: t.i64(),
  },
);

/** An admitted identity and its rule; valid as long as the rule exists. */
export const member = table({}, { identity: t.identity().primaryKey(), rule: t.u64() });

/** Counters of the hub, refreshed only while an operator watches (`watchHub`), so that they cost nothing otherwise. */
export const hubCounters = table(
  {},
  {
    id: t.u8().primaryKey(),
    agents: t.u64(),
    /** Attachments: an agent with two connections counts twice. */
    online: t.u64(),
    messages: t.u64(),
    waiting: t.u64(),
    offered: t.u64(),
    ended: t.u64(),
    dead: t.u64(),
    /** Kept asks, open or closed. */
    asks: t.u64(),
    workflows: t.u64(),
    events: t.u64(),
    broadcasts: t.u64(),
    storedBytes: t.i64(),
    at: t.i64(),
  },
);

/** Operators that watch the counters, each until a time. */
export const hubWatch = table({}, { watcher: t.identity().primaryKey(), until: t.i64() });

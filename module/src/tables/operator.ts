// Who may see and steer everything, and who is let in.

import { t, table } from 'spacetimedb/server';

/** One row an operator. */
export const operator = table({}, { identity: t.identity().primaryKey(), grantedAt: t.i64() });

/** What lets identities into a closed hub: one identity, or all that an issuer names to an audience. */
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

/** An identity that was let in, and the rule that does it; it counts as long as the rule is there. */
export const member = table({}, { identity: t.identity().primaryKey(), rule: t.u64() });

/** What operators see live: counted anew while one of them watches (`watchHub`), so that it costs nobody else anything. */
export const hubCounters = table(
  {},
  {
    id: t.u8().primaryKey(),
    agents: t.u64(),
    /** Agents at connections: one at two of them counts twice. */
    online: t.u64(),
    messages: t.u64(),
    waiting: t.u64(),
    offered: t.u64(),
    ended: t.u64(),
    dead: t.u64(),
    /** Questions that are kept, open or not. */
    asks: t.u64(),
    workflows: t.u64(),
    events: t.u64(),
    broadcasts: t.u64(),
    storedBytes: t.i64(),
    at: t.i64(),
  },
);

/** Operators who watch, until when. */
export const hubWatch = table({}, { watcher: t.identity().primaryKey(), until: t.i64() });

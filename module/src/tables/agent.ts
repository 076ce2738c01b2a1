// Agents: the public row that clients watch, and private rows.

import { t, table } from 'spacetimedb/server';

/** Public fields of an agent. */
export const agent = table(
  { public: true },
  {
    /** Taken from `logHead`, so that ids are dense and never reused. */
    id: t.u64().primaryKey(),
    name: t.string().unique(),
    owner: t.identity().index('btree'),
    agentType: t.string(),
    capabilities: t.array(t.string()),
    status: t.string(),
    presence: t.string(),
    metadata: t.string(),
    registeredAt: t.timestamp(),
    updatedAt: t.timestamp(),
  },
);

/** One row per capability of an agent. */
export const agentCapability = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    capability: t.string().index('btree'),
    agent: t.u64().index('btree'),
  },
);

/** An agent attached to an open connection. A disconnect deletes the rows of that connection. */
export const attachment = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    connection: t.connectionId().index('btree'),
    agent: t.u64().index('btree'),
  },
);

/** The last heartbeat, and the deadline of the next; not in `agent`, so that a heartbeat changes no public row. */
export const pulse = table({}, { agent: t.u64().primaryKey(), at: t.i64(), until: t.i64().default(0n) });

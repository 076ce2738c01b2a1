// Who there is: the public agent row that everyone watches, and the private rows beside it.

import { t, table } from 'spacetimedb/server';

/** What everyone may know of an agent. */
export const agent = table(
  { public: true },
  {
    /** Counted up by `logHead`, so that it is dense and never used again. */
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

/** One row for each capability an agent announces. */
export const agentCapability = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    capability: t.string().index('btree'),
    agent: t.u64().index('btree'),
  },
);

/** An agent bound to a live connection. Disconnecting deletes the rows of that connection. */
export const attachment = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    connection: t.connectionId().index('btree'),
    agent: t.u64().index('btree'),
  },
);

/** The last heartbeat, and until when the next one is due; apart from `agent`, so that a heartbeat wakes nobody. */
export const pulse = table({}, { agent: t.u64().primaryKey(), at: t.i64(), until: t.i64().default(0n) });

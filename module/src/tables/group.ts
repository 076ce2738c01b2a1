// Groups of agents: a message to `#name` becomes one delivery per member.

import { t, table } from 'spacetimedb/server';

/** A group; it exists while it has members. The name is without the `#`. */
export const agentGroup = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    name: t.string().unique(),
    members: t.u32(),
    /** The agent that invites, sets the policy and removes members. */
    owner: t.u64().default(0n),
    /** One of `GROUP_POLICIES`. */
    policy: t.string().default('open'),
    /** Number of its last change. */
    changes: t.u64().default(0n),
  },
);

/** One row per member of a group. */
export const groupMember = table(
  { indexes: [{ accessor: 'byGroupAgent', algorithm: 'btree', columns: ['group', 'agent'] }] },
  { id: t.u64().primaryKey().autoInc(), group: t.u64().index('btree'), agent: t.u64().index('btree') },
);

/** Agents that may join a group whose policy is `invitation`. */
export const groupInvitation = table(
  { indexes: [{ accessor: 'byGroupAgent', algorithm: 'btree', columns: ['group', 'agent'] }] },
  { id: t.u64().primaryKey().autoInc(), group: t.u64().index('btree'), agent: t.u64().index('btree') },
);

/** Who joined and left a group: its last changes, by dense numbers. */
export const groupChange = table(
  { indexes: [{ accessor: 'byNo', algorithm: 'btree', columns: ['group', 'no'] }] },
  {
    id: t.u64().primaryKey().autoInc(),
    group: t.u64().index('btree'),
    no: t.u64(),
    /** The name at that time, since the agent may have been unregistered. */
    name: t.string(),
    /** `joined` or `left`. */
    change: t.string(),
    at: t.i64(),
  },
);

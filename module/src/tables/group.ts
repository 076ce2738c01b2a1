// Groups of agents: a message to `#name` becomes one delivery per member.

import { t, table } from 'spacetimedb/server';

/** A group; it exists while it has members. The name is without the `#`. */
export const agentGroup = table(
  {},
  { id: t.u64().primaryKey().autoInc(), name: t.string().unique(), members: t.u32() },
);

/** One row per member of a group. */
export const groupMember = table(
  { indexes: [{ accessor: 'byGroupAgent', algorithm: 'btree', columns: ['group', 'agent'] }] },
  { id: t.u64().primaryKey().autoInc(), group: t.u64().index('btree'), agent: t.u64().index('btree') },
);

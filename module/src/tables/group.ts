// Groups of agents: a message to `#name` becomes one delivery a member.

import { t, table } from 'spacetimedb/server';

/** A group, from its first member to its last. The name is without the `#`. */
export const agentGroup = table(
  {},
  { id: t.u64().primaryKey().autoInc(), name: t.string().unique(), members: t.u32() },
);

/** One row a member. */
export const groupMember = table(
  { indexes: [{ accessor: 'byGroupAgent', algorithm: 'btree', columns: ['group', 'agent'] }] },
  { id: t.u64().primaryKey().autoInc(), group: t.u64().index('btree'), agent: t.u64().index('btree') },
);

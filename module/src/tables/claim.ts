// Claims: leased rights to use resources.

import { t, table } from 'spacetimedb/server';

/** A path, a pattern of paths, or a name. */
export const ClaimResource = t.object('ClaimResource', { kind: t.string(), key: t.string() });

/** A claim that is held or waits. Public: other agents see who uses what, and why. */
export const claim = table(
  { public: true },
  {
    /** UUIDv7, chosen by the claimer. */
    id: t.string().primaryKey(),
    agent: t.u64().index('btree'),
    /** The name of the agent. */
    name: t.string().index('btree'),
    resources: t.array(ClaimResource),
    isShared: t.bool(),
    note: t.string(),
    /** `held` or `waiting`. */
    state: t.string(),
    /** The fencing number: grows with every grant of the hub; 0 while the claim waits. */
    number: t.u64(),
    /** Number of claims that it waits for. */
    ahead: t.u32(),
    /** Time of the request, and of the grant or 0. */
    since: t.i64(),
    grantedAt: t.i64(),
    /** End of the lease, or of the wait. */
    until: t.i64(),
    leaseMs: t.u32(),
  },
);

/** One row per resource of a claim, by its place in the index (`claim/places.ts`). */
export const claimPlace = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    place: t.string().index('btree'),
    claim: t.string().index('btree'),
    key: t.string(),
  },
);

/** Number of paths that are claimed at or below a folder; deleted at 0. */
export const claimFolder = table({}, { path: t.string().primaryKey(), exclusive: t.u32(), shared: t.u32() });

/** `waiter` waits until `blocker` has ended: one row per pair of claims that conflict. */
export const claimWait = table(
  {},
  { id: t.u64().primaryKey().autoInc(), waiter: t.string().index('btree'), blocker: t.string().index('btree') },
);

/** Number of resources that the claims of an agent name; deleted at 0. */
export const claimLoad = table({}, { agent: t.u64().primaryKey(), resources: t.u32() });

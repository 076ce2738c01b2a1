// Events: a live feed, and the log from which subscribers catch up.

import { t, table } from 'spacetimedb/server';

const columns = {
  seq: t.u64(),
  id: t.string(),
  type: t.string(),
  source: t.string(),
  data: t.string(),
  at: t.timestamp(),
  /** JSON, or empty for none. */
  headers: t.string().default(''),
};

/** Live events; an event table keeps no rows. */
export const eventFeed = table({ public: true, event: true }, columns);

/** Kept events, by number. */
export const eventLog = table(
  {},
  {
    ...columns,
    seq: t.u64().primaryKey(),
    id: t.string().unique(),
    /** The agent that is charged for it; 0 for the hub. */
    agent: t.u64().default(0n),
  },
);

/** The first kept and the last assigned number of a dense sequence; auto-increment columns do not promise density. */
export const logHead = table({}, { log: t.string().primaryKey(), first: t.u64(), last: t.u64() });

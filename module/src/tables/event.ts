// Facts published to everyone: a feed that is live only, and the kept log it is caught up from.

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

/** Events as they happen; nothing is kept here. */
export const eventFeed = table({ public: true, event: true }, columns);

/** Every event that is kept, by number. */
export const eventLog = table({}, { ...columns, seq: t.u64().primaryKey(), id: t.string().unique() });

/** The last number given in a log (`event`, `broadcast`): numbers are dense, which sequences do not promise. */
export const logHead = table({}, { log: t.string().primaryKey(), first: t.u64(), last: t.u64() });

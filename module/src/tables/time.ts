// Timers. Due rows are read by the key of their slot, never by "everything before now".

import { t, table } from 'spacetimedb/server';

/** A timer. The rows of a slot are in chunks, so that one sweep reads one chunk. */
export const due = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    chunk: t.u64().index('btree'),
    kind: t.string(),
    ref: t.u64(),
    text: t.string(),
  },
);

/** Number of timers in a slot. */
export const dueCount = table({}, { slot: t.u64().primaryKey(), count: t.u32() });

/** The next retention sweep, and the agent whose messages it starts with: one row. */
export const keeper = table(
  {},
  { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), agent: t.u64() },
);

/** One scheduled row per chunk of a slot. */
export const dueSlot = table(
  {},
  { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), slot: t.u64(), chunk: t.u32() },
);

// What happens at a time. Timed rows are found by the key of their slot, never by "everything due before now".

import { t, table } from 'spacetimedb/server';

/** Something to look at when its slot comes. A slot's rows lie in chunks, so that one sweep reads one chunk. */
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

/** How many rows a slot has taken. */
export const dueCount = table({}, { slot: t.u64().primaryKey(), count: t.u32() });

/** When is looked next for what need not be kept any longer, and at whose messages: one row. */
export const keeper = table(
  {},
  { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), agent: t.u64() },
);

/** One scheduled row a chunk of a slot. */
export const dueSlot = table(
  {},
  { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), slot: t.u64(), chunk: t.u32() },
);

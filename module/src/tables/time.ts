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
    /** Calls that fired it and failed. */
    tries: t.u32().default(0),
    /** The agent that is charged for it; 0 for the hub. */
    agent: t.u64().default(0n),
    /** The time of a timer that is checked before, so that it ends with its subject; else 0. */
    until: t.i64().default(0n),
  },
);

/** Number of places in a slot, and of its chunks that are fired. Deleted with the last chunk: an older row shows a lost one. */
export const dueCount = table({}, { slot: t.u64().primaryKey(), count: t.u32(), swept: t.u32().default(0) });

/** The recurring call that finds lost timers: one row. */
export const timerWatch = table({}, { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt() });

/** The slot up to which no timer is lost: one row. */
export const timerCursor = table({}, { id: t.u8().primaryKey(), slot: t.u64() });

/** The last record that the hub was running; its return after its last absence, and the last record before that, or 0: one row. */
export const hubClock = table(
  {},
  { id: t.u8().primaryKey(), seenAt: t.i64(), returnedAt: t.i64(), absentFrom: t.i64().default(0n) },
);

/** Timers that failed too often and fire no more. */
export const failedTimer = table(
  {},
  { id: t.u64().primaryKey(), kind: t.string(), ref: t.u64(), text: t.string(), at: t.i64() },
);

/** The next retention sweep, and the agent whose messages it starts with: one row. */
export const keeper = table(
  {},
  { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), agent: t.u64() },
);

/** One scheduled row per chunk of a slot. */
export const dueSlot = table(
  {},
  {
    scheduledId: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    slot: t.u64().index('btree'),
    chunk: t.u32(),
  },
);

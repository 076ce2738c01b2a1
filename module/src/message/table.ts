// What was said, and the duties it makes: a delivery is one row in `waiting`, `offer` or `ended`.

import { t, table } from 'spacetimedb/server';

/** What was said, stored once and never changed. */
export const message = table(
  {},
  {
    id: t.string().primaryKey(),
    sender: t.u64(),
    senderName: t.string(),
    /** Targets as the sender said them, joined by a space. */
    target: t.string(),
    kind: t.string(),
    type: t.string(),
    priority: t.u8(),
    payload: t.string(),
    headers: t.string(),
    acceptedAt: t.i64(),
    answerBy: t.i64(),
    inReplyTo: t.string(),
    /** The step of a workflow that this message assigns, or 0. */
    step: t.u64(),
    /** The number of a broadcast, or 0. */
    broadcast: t.u64(),
    deliveries: t.array(t.u64()),
    answerWithinMs: t.u32(),
    delayMs: t.u64(),
    ttlMs: t.u64(),
  },
);

/** An agent's narrow row: what decides who is offered next. Read and written at most once a call (`Desk`). */
export const mailbox = table(
  {},
  {
    agent: t.u64().primaryKey(),
    name: t.string().unique(),
    owner: t.identity(),
    online: t.bool(),
    strict: t.bool(),
    credit: t.u32(),
    held: t.u32(),
    heldCritical: t.u32(),
    waiting: t.u32(),
    nextDelivery: t.u64(),
    /** First and one past the last position of each priority's lane. */
    heads: t.array(t.u64()),
    tails: t.array(t.u64()),
    /** When this mailbox is looked at next for leases that ended, or 0. */
    sweepAt: t.i64(),
    /** When the last connection left, or 0 while one is attached. */
    offlineSince: t.i64(),
  },
);

/** Queued in a lane, or delayed (lane 0, position = delivery) until its time comes. */
export const waiting = table(
  { indexes: [{ accessor: 'byLane', algorithm: 'btree', columns: ['agent', 'lane', 'position'] }] },
  {
    id: t.u64().primaryKey(),
    agent: t.u64().index('btree'),
    lane: t.u8(),
    position: t.u64(),
    message: t.string(),
    availableAt: t.i64(),
    attempt: t.u32(),
  },
);

/** Offered deliveries and notices: the row a recipient sees. As few columns as it can work with. */
export const offer = table(
  {},
  {
    id: t.u64().primaryKey(),
    owner: t.identity().index('btree'),
    agent: t.u64().index('btree'),
    kind: t.string(),
    message: t.string(),
    priority: t.u8(),
    attempt: t.u32(),
    leaseUntil: t.i64(),
    envelope: t.string(),
  },
);

/** How a delivery ended. */
export const ended = table(
  {},
  {
    id: t.u64().primaryKey(),
    agent: t.u64(),
    message: t.string(),
    state: t.string(),
    attempt: t.u32(),
    at: t.i64(),
    reason: t.string(),
  },
);

/** A message that wants an answer, until it has one or its time is over. */
export const ask = table(
  {},
  {
    message: t.string().primaryKey(),
    asker: t.u64(),
    deadline: t.i64(),
    state: t.string(),
    answer: t.string(),
  },
);

/** What was said to everyone: live only; the same query text for all. */
export const broadcastFeed = table(
  { public: true, event: true },
  { seq: t.u64(), sender: t.u64(), priority: t.u8(), envelope: t.string() },
);

/** The same, kept. Numbers are dense, so that a window of them is read by keys. */
export const broadcastLog = table(
  {},
  {
    seq: t.u64().primaryKey(),
    message: t.string(),
    sender: t.u64(),
    priority: t.u8(),
    envelope: t.string(),
    at: t.i64(),
  },
);

/** Everything up to `handled` is handled by the agent; `since` is where it came in. */
export const broadcastCursor = table({}, { agent: t.u64().primaryKey(), since: t.u64(), handled: t.u64() });

/** Handled beyond the cursor, out of order. */
export const broadcastHandled = table(
  { indexes: [{ accessor: 'byAgentSeq', algorithm: 'btree', columns: ['agent', 'seq'] }] },
  { id: t.u64().primaryKey().autoInc(), agent: t.u64().index('btree'), seq: t.u64() },
);

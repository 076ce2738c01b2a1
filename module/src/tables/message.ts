// What was said, and the duties it makes: a delivery is one row in `waiting`, `offer` or `ended`.

import { t, table } from 'spacetimedb/server';

/** What was said, stored once and never changed. */
export const message = table(
  { indexes: [{ accessor: 'bySender', algorithm: 'btree', columns: ['sender', 'no'] }] },
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
    /** The step of a workflow that this message assigns, undoes, or asks about; or 0. */
    step: t.u64(),
    /** The number of a broadcast, or 0. */
    broadcast: t.u64(),
    deliveries: t.array(t.u64()),
    answerWithinMs: t.u32(),
    delayMs: t.u64(),
    ttlMs: t.u64(),
    /** Which message of its sender this is: dense, from 1 on. */
    no: t.u64().default(0n),
    /** The ask that goes on with this reply to a question asked back, or empty. */
    continues: t.string().default(''),
    onBehalfOf: t.string().default(''),
    forwardOf: t.string().default(''),
    /** What the hub verified of both, as members of the envelope. */
    references: t.string().default(''),
  },
);

/**
 * An agent's narrow row: what decides who is offered next. Read and written at most once a call (`UnitOfWork`). The work queue
 * of a capability is a mailbox too, named `@capability`: nobody owns it, and it is never online.
 */
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
    /** Whether the agent's status lets it take work from a queue. */
    isActive: t.bool().default(true),
    /** How many capabilities it announces: none, and no queue is ever looked at. Of a queue: how many agents announce it. */
    capabilities: t.u32().default(0),
    /** Whether it stands in the lists of agents that are free, one a capability (`ready`). */
    isReady: t.bool().default(false),
    /** Of a work queue: who has been free for longest, and who came last. */
    readyFirst: t.u64().default(0n),
    readyLast: t.u64().default(0n),
    /** How often something was shown to the agent; each offer bears its number. */
    offers: t.u64().default(0n),
    /** Gone idle; and the last broadcast at that time. */
    isIdle: t.bool().default(false),
    idleBroadcast: t.u64().default(0n),
    /** Notices shown, and first and one past the last position of those that wait. */
    notices: t.u32().default(0),
    noticeHead: t.u64().default(0n),
    noticeTail: t.u64().default(0n),
  },
);

/** An agent that is free, in the list of one of its capabilities' queues: linked, so that leaving costs the same anywhere. */
export const ready = table(
  {},
  {
    id: t.u64().primaryKey().autoInc(),
    queue: t.u64(),
    agent: t.u64().index('btree'),
    previous: t.u64(),
    next: t.u64(),
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
    /** The agent that held it last, or 0. */
    holder: t.u64().default(0n),
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
    /** Which offer to its agent this is; see `goIdle`. */
    seq: t.u64().default(0n),
    sender: t.u64().default(0n),
  },
);

/** Notices beyond those that are shown, first come first served. */
export const notice = table(
  { indexes: [{ accessor: 'byPosition', algorithm: 'btree', columns: ['agent', 'position'] }] },
  {
    id: t.u64().primaryKey(),
    agent: t.u64().index('btree'),
    position: t.u64(),
    kind: t.string(),
    message: t.string(),
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

/** Dead deliveries, and failed broadcasts, by a dense number, until they are redriven or purged. */
export const deadLetter = table(
  {},
  {
    no: t.u64().primaryKey(),
    /** 0 for a broadcast. */
    delivery: t.u64().index('btree'),
    agent: t.u64(),
    sender: t.u64(),
    message: t.string(),
    type: t.string(),
    reason: t.string(),
    at: t.i64(),
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
    /** Who asked back: the reply goes there. */
    askedBackBy: t.u64().default(0n),
    /** The reply that the question goes on with, or empty. */
    lastMessage: t.string().default(''),
    /** How many signals there were, and the inbox row that shows the last. */
    signals: t.u32().default(0),
    signalRow: t.u64().default(0n),
    /** The last signal's delivery, attempt and number, so that one said twice is kept once. */
    signalDelivery: t.u64().default(0n),
    signalAttempt: t.u32().default(0),
    signalNumber: t.u32().default(0),
  },
);

/** Progress and partial results of an open ask: the last 64. */
export const signal = table(
  { indexes: [{ accessor: 'bySeq', algorithm: 'btree', columns: ['ask', 'seq'] }] },
  { id: t.u64().primaryKey().autoInc(), ask: t.string().index('btree'), seq: t.u32(), data: t.string(), at: t.i64() },
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

/** A broadcast that an agent has failed, and how often. */
export const broadcastFailure = table(
  { indexes: [{ accessor: 'byAgentSeq', algorithm: 'btree', columns: ['agent', 'seq'] }] },
  {
    id: t.u64().primaryKey().autoInc(),
    agent: t.u64().index('btree'),
    seq: t.u64(),
    attempt: t.u32(),
    /** `retry`, `failed` or `dead`. */
    state: t.string(),
    reason: t.string(),
    at: t.i64(),
  },
);

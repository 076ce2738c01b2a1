// Messages and their deliveries: a delivery is one row in `waiting`, `offer` or `ended`.

import { t, table } from 'spacetimedb/server';

const tries = {
  /** Attempts that no process can have begun: they do not count. */
  spared: t.u32().default(0),
  /** Attempts that ended with the process of their holder. */
  crashes: t.u8().default(0),
};

/** A message, stored once; its content never changes. */
export const message = table(
  { indexes: [{ accessor: 'bySender', algorithm: 'btree', columns: ['sender', 'no'] }] },
  {
    id: t.string().primaryKey(),
    sender: t.u64(),
    senderName: t.string(),
    /** Targets as the sender named them, joined by a space. */
    target: t.string(),
    kind: t.string(),
    type: t.string(),
    priority: t.u8(),
    payload: t.string(),
    headers: t.string(),
    /** Indexed for the pages of operators (`time/newest.ts`). */
    acceptedAt: t.i64().index('btree'),
    answerBy: t.i64(),
    inReplyTo: t.string(),
    /** The step of a workflow that this message assigns, undoes or asks to approve; or 0. */
    step: t.u64(),
    /** The number of a broadcast, or 0. */
    broadcast: t.u64(),
    deliveries: t.array(t.u64()),
    answerWithinMs: t.u32(),
    delayMs: t.u64(),
    ttlMs: t.u64(),
    /** The number of the message among those of its sender: dense, from 1 on. */
    no: t.u64().default(0n),
    /** The ask that this reply continues, or empty. */
    continues: t.string().default(''),
    onBehalfOf: t.string().default(''),
    forwardOf: t.string().default(''),
    /** The verified references of both, and the claim of the sender, as JSON members of the envelope. */
    references: t.string().default(''),
    /** Of a task whose inputs are read with the steps: about the size of its whole payload; else 0. */
    referencedBytes: t.u32().default(0),
    /** Messages before it in its chain of replies, forwards and messages on behalf of others. */
    hops: t.u32().default(0),
  },
);

/**
 * The narrow row of an agent that decides what it is offered next. Read and written at most once in a call (`UnitOfWork`). The
 * work queue of a capability is also a mailbox, named `@capability`: without an owner, and never online.
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
    /** Time of the next sweep for ended leases, or 0. */
    sweepAt: t.i64(),
    /** Time at which the agent went offline, or 0 while it is online. */
    offlineSince: t.i64(),
    /** True if the agent's status is `active`: it may be offered work of queues. */
    isActive: t.bool().default(true),
    /** Number of capabilities of the agent; at 0, no queue is read. Of a queue: number of agents that announce it. */
    capabilities: t.u32().default(0),
    /** True while the agent is in the ready lists of its queues (`ready`). */
    isReady: t.bool().default(false),
    /** Of a work queue: first and last row of its ready list. */
    readyFirst: t.u64().default(0n),
    readyLast: t.u64().default(0n),
    /** Number of offers and notices so far; each inbox row has its number. */
    offers: t.u64().default(0n),
    /** True after `goIdle` until the next offer; and the last broadcast at that time. */
    isIdle: t.bool().default(false),
    idleBroadcast: t.u64().default(0n),
    /** Notices in the inbox; first and one past the last position of queued ones. */
    notices: t.u32().default(0),
    noticeHead: t.u64().default(0n),
    noticeTail: t.u64().default(0n),
    /** Delayed deliveries: those in lane 0. */
    delayed: t.u32().default(0),
    /** How many deliveries its process handles at a time; 0 if it has not declared it. */
    concurrency: t.u32().default(0),
    /** True if a connection of the agent ended without a detach, so that its process may have ended. */
    isCut: t.bool().default(false),
    /** True while a delivery is held alone, or waits until the others have ended: nothing else is offered. */
    isAlone: t.bool().default(false),
    /** Time until which the agent keeps what it holds while it is offline: the longest lease that it has set while offline, or 0. */
    keptUntil: t.i64().default(0n),
  },
);

/** A further block of 2³² delivery ids: the `turn`-th of its mailbox, from 1 on. Never deleted, so that no id is used twice. */
export const deliveryBlock = table(
  { indexes: [{ accessor: 'byTurn', algorithm: 'btree', columns: ['mailbox', 'turn'] }] },
  { block: t.u64().primaryKey(), mailbox: t.u64(), turn: t.u64() },
);

/** A free agent in the ready list of a work queue: a linked list, so that each removal costs the same. */
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

/** Deliveries that are queued in a lane, or delayed (lane 0, position = delivery). */
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
    /** The agent that last held it, or 0. */
    holder: t.u64().default(0n),
    /** Of a queued plain message with a short envelope: that envelope, and its sender; else empty. */
    envelope: t.string().default(''),
    sender: t.u64().default(0n),
    ...tries,
  },
);

/** Rows of inboxes: offered deliveries, and notices. As few columns as a recipient needs. */
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
    /** The number among the rows shown to its agent; see `goIdle`. */
    seq: t.u64().default(0n),
    sender: t.u64().default(0n),
    ...tries,
  },
);

/** Queued notices, while an inbox shows the maximum; first in, first out. */
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

/** Ended deliveries. */
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
    /** The id of the answer that its holder gave, or empty. */
    answer: t.string().default(''),
    /** True if it was offered to its recipient at least once. */
    wasOffered: t.bool().default(false),
  },
);

/** Attempts after which a delivery went back, by a dense number; the last attempt is in `ended`. */
export const failedAttempt = table(
  {},
  {
    no: t.u64().primaryKey(),
    delivery: t.u64().index('btree'),
    agent: t.u64(),
    sender: t.u64(),
    attempt: t.u32(),
    reason: t.string(),
    at: t.i64(),
  },
);

/** Dead deliveries, and broadcasts that an agent could not handle, by a dense number, until redriven or purged. */
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

/** A message that expects an answer, with the state of that. */
export const ask = table(
  {},
  {
    message: t.string().primaryKey(),
    asker: t.u64(),
    deadline: t.i64(),
    state: t.string(),
    answer: t.string(),
    /** The agent that asked back and gets the reply, or 0. */
    askedBackBy: t.u64().default(0n),
    /** The last reply that continues the ask, or empty. */
    lastMessage: t.string().default(''),
    /** Number of signals so far, and the inbox row that shows the newest. */
    signals: t.u32().default(0),
    signalRow: t.u64().default(0n),
    /** Delivery, attempt and number of the newest signal, so that a repeated one is stored once. */
    signalDelivery: t.u64().default(0n),
    signalAttempt: t.u32().default(0),
    signalNumber: t.u32().default(0),
    /** The reason of the last failed attempt, or empty. */
    lastFailure: t.string().default(''),
    /** Number of asks that were made on its behalf. */
    dependents: t.u32().default(0),
  },
);

/** An ask that was made on behalf of another ask, by its number among those; kept with its message. */
export const dependentAsk = table(
  { indexes: [{ accessor: 'byNo', algorithm: 'btree', columns: ['ask', 'no'] }] },
  { message: t.string().primaryKey(), ask: t.string(), no: t.u32() },
);

/** Progress and partial results of an open ask: the last 64. */
export const signal = table(
  { indexes: [{ accessor: 'bySeq', algorithm: 'btree', columns: ['ask', 'seq'] }] },
  { id: t.u64().primaryKey().autoInc(), ask: t.string().index('btree'), seq: t.u32(), data: t.string(), at: t.i64() },
);

/** Live broadcasts: an event table that all clients follow with the same query text. */
export const broadcastFeed = table(
  { public: true, event: true },
  { seq: t.u64(), sender: t.u64(), priority: t.u8(), envelope: t.string() },
);

/** Kept broadcasts. Numbers are dense, so that a page is read by keys. */
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

/** The agent has handled all broadcasts up to `handled`; `since` is the last one before it was registered. */
export const broadcastCursor = table(
  {},
  {
    agent: t.u64().primaryKey(),
    since: t.u64(),
    handled: t.u64(),
    /** Rows of the agent in `broadcastHandled` and `broadcastFailure`. */
    marks: t.u32().default(0),
  },
);

/** Broadcasts beyond the cursor that an agent has handled. */
export const broadcastHandled = table(
  { indexes: [{ accessor: 'byAgentSeq', algorithm: 'btree', columns: ['agent', 'seq'] }] },
  { id: t.u64().primaryKey().autoInc(), agent: t.u64().index('btree'), seq: t.u64() },
);

/** A broadcast that an agent has failed, with the number of attempts. */
export const broadcastFailure = table(
  { indexes: [{ accessor: 'byAgentSeq', algorithm: 'btree', columns: ['agent', 'seq'] }] },
  {
    id: t.u64().primaryKey().autoInc(),
    agent: t.u64().index('btree'),
    seq: t.u64(),
    attempt: t.u32(),
    /** `retry` or `dead`. */
    state: t.string(),
    reason: t.string(),
    at: t.i64(),
  },
);

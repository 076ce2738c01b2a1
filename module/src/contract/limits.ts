// Limits and defaults that the module enforces.

import type { Priority } from './words.ts';

/** Limits and defaults; the unit is part of a name. */
export const LIMITS = {
  /** Bytes (UTF-8) of a payload, event data or step output. */
  payloadBytes: 256 * 1024,
  /** Bytes of metadata and headers. */
  headerBytes: 16 * 1024,
  /** Levels of arrays and objects in any JSON that a caller passes. */
  jsonDepth: 256,
  /** A payload above this size is not in the envelope; `readPayload` returns it. */
  inlineBytes: 4 * 1024,
  recipients: 256,
  capabilities: 64,
  acts: 256,
  /** Notices that an inbox shows at a time; further ones are queued. */
  visibleNotices: 128,
  groupMembers: 1_000,
  groupsPerAgent: 64,
  /** Joins and leaves of a group that are kept. */
  groupChanges: 256,
  /** Signals of one open ask that are kept, and the bytes of one. */
  signals: 64,
  signalBytes: 16 * 1024,
  /** Length of a chain of references (on behalf of, forwarded) in an envelope. */
  references: 8,
  /** Messages of a chain at the bound whose senders the alert names. */
  loopMessages: 16,
  /** Free agents that are compared for the next delivery of a work queue. */
  readyWindow: 16,
  /** Characters of a reason; the rest is cut. */
  reasonLength: 1_000,
  /** Empty positions that one call skips at the head of a lane. */
  holes: 1_024,
  /** How far beyond its cursor an agent may have handled broadcasts. */
  broadcastWindow: 4_096,
  delayMs: 366 * 24 * 3_600_000,
  defaultCredit: 32,
  maxCredit: 256,
  /** Critical deliveries an agent may hold beyond its credit. */
  criticalCredit: 4,
  attempts: 5,
  /** Attempts that ended with the process of their holder, after which a delivery is offered alone. */
  crashes: 2,
  leaseMs: 60_000,
  maxLeaseMs: 3_600_000,
  /** Longer than the longest pause of a client between attempts to reconnect. */
  graceMs: 15_000,
  /** An agent whose last heartbeat is older than this is stale. */
  heartbeatMs: 60_000,
  /** How long a dead letter is kept, unless it is redriven or purged before. */
  keepDeadLettersMs: 30 * 24 * 3_600_000,
  /** How long a work queue is kept that no agent announces; its deliveries are dead after it. */
  keepQueuesMs: 30 * 24 * 3_600_000,
  /** How long an agent is kept that is offline and sends nothing; it is unregistered after it. */
  keepAgentsMs: 90 * 24 * 3_600_000,
  /** The shortest retention that an operator may set. */
  minRetentionMs: 60_000,
  clockSkewMs: 5 * 60_000,
  answerWithinMs: 24 * 3_600_000,
  /** Rows, about, after which a call leaves the rest of a large work to another call. */
  rowsPerCall: 8_000,
  /** The part of the stored bytes of the hub that the rows of one agent may take: 1 / `storeShare`. */
  storeShare: 2,
  /** Calls that try a failing timer before it is set aside, and timers that are kept aside. */
  timerTries: 5,
  failedTimers: 1_000,
  workflowSteps: 1_000,
  /** The longest timeout of a step, of a backoff or of a workflow. */
  workflowMs: 366 * 24 * 3_600_000,
  /** Elements of the list of a `for_each` step; each becomes one child step. */
  elements: 1_000,
  /** Steps and elements of one workflow. */
  workflowRows: 10_000,
  /** Bytes of the inputs of a task above which `readPayload` reads them, in place of a copy in each message. */
  taskBytes: 16 * 1024,
  /** Characters of the inputs of one step. */
  inputsLength: 1024 * 1024,
  watchersPerWorkflow: 16,
  watchesPerIdentity: 128,
  agentsPerIdentity: 1_000,
  page: 256,
  /** Numbers that one page looks up; most of their rows may be deleted. */
  lookUps: 4_096,
  /** Failed attempts of one delivery that are kept. */
  keptAttempts: 64,
  /** Resources of one claim, and of all claims of one agent. */
  claimResources: 32,
  claimsPerAgent: 256,
  claimKeyLength: 512,
  /** Segments of a path in a claim. */
  claimSegments: 32,
  minClaimLeaseMs: 1_000,
  /** How long a claim may wait. */
  claimWaitMs: 24 * 3_600_000,
  /** Claims that one claim waits for, and that wait for one. */
  claimQueue: 128,
  /** Claims of the same resource, or of patterns in the same folder. */
  claimsPerPlace: 128,
  /** Index rows that the check of one claim reads; a broader one is refused. */
  claimRows: 4_096,
  /** How long one call of `watchHub` keeps the counters up to date. */
  hubWatchMs: 60_000,
} as const;

/**
 * Bytes that a stored row counts besides its long texts: about the memory that it takes. A delivery counts from the acceptance
 * of its message until that is deleted; an answer and a cancelled delivery are such, other notices count on their own.
 */
export const ROW_BYTES = {
  message: 500,
  delivery: 300,
  ask: 300,
  signal: 150,
  notice: 300,
  deadLetter: 300,
  failedAttempt: 200,
  event: 350,
  broadcast: 200,
  /** A broadcast that an agent handled out of order, or failed. */
  broadcastMark: 150,
  /** A definition and its state. */
  workflow: 800,
  step: 800,
  watch: 150,
  timer: 250,
  /** An agent with its mailbox, cursor and account. */
  agent: 1_000,
  queue: 600,
  /** A claim, and each of its resources with their index rows. */
  claim: 400,
  resource: 300,
} as const;

/** Default quotas and retention of a hub; an operator may change them. */
export const HUB_DEFAULTS = {
  /** Messages and events per second and agent, and the burst above this rate. */
  rate: 50_000,
  burst: 100_000,
  /** Unfinished deliveries that one agent may cause. */
  unfinished: 250_000,
  /** Unfinished deliveries of one agent or work queue, with delayed ones and notices. */
  inboxLength: 100_000,
  /** Recipients per minute that one agent may reach by groups, lists of names and broadcasts. */
  fanOut: 1_000_000,
  /** Stored bytes: the texts and `ROW_BYTES` of all rows that acts create. */
  storedBytes: 4 * 1024 ** 3,
  /** Messages in a chain of replies, forwards and messages on behalf of others. */
  hops: 256,
  keepMessagesMs: 24 * 3_600_000,
  keepEventsMs: 7 * 24 * 3_600_000,
  keepWorkflowsMs: 7 * 24 * 3_600_000,
} as const;

/** Boost of a priority in milliseconds: a message may arrive this much later than a low one and is still offered first. */
export const BOOST_MS: Readonly<Record<Priority, number>> = { 1: 0, 2: 60_000, 3: 300_000, 4: 1_800_000 };

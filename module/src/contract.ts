// What outsiders may rely on besides the tables: words, limits and codes. Constants only, so that a client can read them.

/** Names of agents. */
export const AGENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** Names nobody may register, since the hub itself speaks under them. */
export const RESERVED_NAMES: readonly string[] = ['system', 'agora', 'operator'];
/** Names of capabilities, agent types and actions. */
export const SHORT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$/;
/** Message and event types: snake or dotted, lower case first. */
export const TYPE_NAME = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/;
/** UUIDv7 in lower case. */
export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Levels of urgency; `normal` is the default. */
export const PRIORITY = { low: 1, normal: 2, high: 3, critical: 4 } as const;
/** 1 low, 2 normal, 3 high, 4 critical. */
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/** How an agent says it is disposed; a draining one takes no new work. */
export const AGENT_STATUSES = ['active', 'busy', 'away', 'draining'] as const;
/** One of `AGENT_STATUSES`. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** Whether an agent is there: a connection is attached, none is, or its heartbeat is overdue. */
export const PRESENCES = ['online', 'offline', 'stale'] as const;
/** One of `PRESENCES`. */
export type Presence = (typeof PRESENCES)[number];

/** What an inbox row is: a duty (`message`, `ask`, `task`) or a notice that takes no credit. */
export const INBOX_KINDS = [
  'message',
  'ask',
  'task',
  'answer',
  'timeout',
  'dead',
  'expired',
  'cancelled',
  'progress',
] as const;
/** One of `INBOX_KINDS`. */
export type InboxKind = (typeof INBOX_KINDS)[number];

/** Where a delivery can stand; the last five are ends. */
export const DELIVERY_STATES = [
  'delayed',
  'queued',
  'offered',
  'done',
  'failed',
  'expired',
  'dead',
  'cancelled',
] as const;
/** One of `DELIVERY_STATES`. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How a question stands; the last five are ends. A late answer is kept, and marked. */
export const ASK_STATES = [
  'open',
  'input_required',
  'answered',
  'late',
  'timed_out',
  'dead',
  'cancelled',
  'expired',
] as const;
/** One of `ASK_STATES`. */
export type AskState = (typeof ASK_STATES)[number];

/** Whether everybody who reaches the hub is let in, or only who was admitted. */
export const ADMISSIONS = ['open', 'closed'] as const;
/** One of `ADMISSIONS`. */
export type Admission = (typeof ADMISSIONS)[number];

/** Where a workflow can stand; the last three are ends. */
export const WORKFLOW_STATUSES = ['running', 'paused', 'compensating', 'succeeded', 'failed', 'cancelled'] as const;
/** One of `WORKFLOW_STATUSES`. */
export type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];

/** Where a step of a workflow can stand; from `succeeded` on they are ends. */
export const STEP_STATES = [
  'pending',
  'ready',
  'running',
  'succeeded',
  'failed',
  'skipped',
  'timed_out',
  'cancelled',
] as const;
/** One of `STEP_STATES`. */
export type StepState = (typeof STEP_STATES)[number];

/** The seven message types every agent knows. */
export const STANDARD_MESSAGE_TYPES = [
  'documentation_request',
  'task_assignment',
  'collaboration_request',
  'status_update',
  'capability_announcement',
  'review_request',
  'system_notification',
] as const;

/** Events that only the hub itself publishes. */
export const SYSTEM_EVENT_TYPES = [
  'agent_registration',
  'agent_update',
  'agent_offline',
  'agent_unregistered',
  'workflow_started',
  'workflow_completion',
  'workflow_failed',
  'workflow_cancelled',
  'workflow_paused',
  'workflow_resumed',
  'step_approval_requested',
  'step_ready',
  'step_completed',
  'step_failed',
  'message_dead_lettered',
  'system_alert',
  'operator_act',
] as const;

/** Limits and defaults; the unit is part of a name. */
export const LIMITS = {
  /** Bytes (UTF-8) of a payload, event data or step output. */
  payloadBytes: 256 * 1024,
  /** Bytes of metadata and headers. */
  headerBytes: 16 * 1024,
  /** A payload over this many bytes is not in the envelope; `readPayload` has it. */
  inlineBytes: 4 * 1024,
  recipients: 256,
  capabilities: 64,
  acts: 256,
  /** Notices that an inbox shows at once; more wait behind them. */
  visibleNotices: 128,
  groupMembers: 1_000,
  groupsPerAgent: 64,
  /** Signals of one open ask that are kept, and the bytes of one. */
  signals: 64,
  signalBytes: 16 * 1024,
  /** How far a chain of references (on behalf of, forwarded) is told. */
  references: 8,
  /** How many agents that are free are looked at for a work queue's next delivery. */
  readyWindow: 16,
  /** Characters that are kept of a reason. */
  reasonLength: 1_000,
  /** Removed positions that one call skips at the head of a lane. */
  holes: 1_024,
  /** How far beyond its cursor an agent may have handled broadcasts. */
  broadcastWindow: 4_096,
  delayMs: 366 * 24 * 3_600_000,
  defaultCredit: 32,
  maxCredit: 256,
  /** Critical deliveries an agent may hold beyond its credit. */
  criticalCredit: 4,
  attempts: 5,
  leaseMs: 60_000,
  maxLeaseMs: 3_600_000,
  graceMs: 5_000,
  /** An agent that said that it lives, and then says nothing for this long, is stale. */
  heartbeatMs: 60_000,
  /** The shortest time that an operator may have anything kept. */
  leastRetentionMs: 60_000,
  clockSkewMs: 5 * 60_000,
  answerWithinMs: 24 * 3_600_000,
  workflowSteps: 1_000,
  /** The longest that a step, a backoff or a whole workflow may be given. */
  workflowMs: 366 * 24 * 3_600_000,
  /** Elements of a list that a step is done for, each by a step of its own. */
  elements: 1_000,
  /** Steps and elements of one workflow. */
  workflowRows: 10_000,
  /** Characters of the outputs that are handed to one step. */
  inputsLength: 1024 * 1024,
  watchersPerWorkflow: 16,
  watchesPerIdentity: 128,
  agentsPerIdentity: 1_000,
  page: 256,
  /** Numbers that one page looks at, most of which may be gone. */
  lookUps: 4_096,
  /** How long an operator who watches the counters does so before saying it again. */
  hubWatchMs: 60_000,
} as const;

/** What a hub allows an agent, and keeps, until an operator says otherwise. */
export const HUB_DEFAULTS = {
  /** Messages and events a second that an agent may cause, and how many at once. */
  rate: 50_000,
  burst: 100_000,
  /** Deliveries an agent may have caused that have not ended. */
  unfinished: 250_000,
  /** Deliveries that wait for an agent, or for a work queue. */
  inboxLength: 100_000,
  /** Recipients a minute that an agent may reach by groups, lists of names and broadcasts. */
  fanOut: 1_000_000,
  /** Bytes of messages, events and workflows that the hub keeps. */
  storedBytes: 4 * 1024 ** 3,
  keepMessagesMs: 24 * 3_600_000,
  keepEventsMs: 7 * 24 * 3_600_000,
  keepWorkflowsMs: 7 * 24 * 3_600_000,
} as const;

/** How much later than a low one a message of this priority may come and still be offered first, in milliseconds. */
export const BOOST_MS: Readonly<Record<Priority, number>> = { 1: 0, 2: 60_000, 3: 300_000, 4: 1_800_000 };

/** Every refusal of the module, and what it means. */
export const CODES = {
  'agent/unknown': 'No agent has this id.',
  'agent/name-taken': 'Another identity owns this name.',
  'agent/bad-name': 'The name is not 1-64 letters, digits, _ . - or is reserved.',
  'agent/bad-type': 'The agent type is not a short name.',
  'agent/bad-capability': 'A capability is not a short name, is given twice, or there are too many.',
  'agent/bad-metadata': 'The metadata is not a JSON object within 16 KiB.',
  'agent/bad-credit': 'The credit is over the limit.',
  'agent/bad-status': 'The status is not one of the four.',
  'agent/not-yours': 'The agent belongs to another identity.',
  'agent/not-attached': 'The call came without a connection, or the agent is not attached to it.',
  'agent/too-many': 'One identity may not own more agents.',
  'agent/has-mail': 'There is an offer or a broadcast that the agent has not seen, so it may not go idle.',
  'group/bad-name': 'The group’s name is not a # and a short name.',
  'group/unknown': 'No group has this name, or the caller’s agent is not in it.',
  'group/full': 'The group has as many members as it may have, or the agent is in as many groups as it may be.',
  'message/bad-id': 'The id is not a UUIDv7 in lower case.',
  'message/id-too-old': 'The id is older than messages are kept, so it might have been used before.',
  'message/id-ahead': 'The id lies in the future: the clock of the sender is wrong.',
  'message/id-reused': 'The id was used before with other content.',
  'message/no-recipient': 'No recipient was named.',
  'message/too-many-recipients': 'More recipients were named than one message may have.',
  'message/unknown-recipient': 'No agent or group has this name, or no agent ever announced this capability.',
  'message/unsupported-target': 'This kind of target, or this mix of targets, cannot be sent to.',
  'message/bad-type': 'The type is not a snake or dotted name.',
  'message/bad-payload': 'The payload is not JSON.',
  'message/too-large': 'The payload is over 256 KiB.',
  'message/bad-headers': 'The headers are not a JSON object within 16 KiB.',
  'message/bad-priority': 'The priority is not 1, 2, 3 or 4.',
  'message/bad-deadline':
    'The time an answer may take is over 24 h, or an answer was wanted of more than one recipient.',
  'message/bad-time': 'The delay is over 366 days, or the message would expire before it is delivered.',
  'message/bad-reference': 'The message that this one refers to is unknown, or the sender never got it.',
  'message/cannot-cancel': 'A broadcast has been said to everyone already.',
  'message/unknown': 'No message has this id, or it is not the caller’s.',
  'ask/unknown': 'No open question has this id, or it is not the caller’s.',
  'ask/no-question': 'Nothing is asked back now, so there is nothing to reply to.',
  'delivery/unknown': 'No delivery has this id, or it is not the caller’s.',
  'delivery/stale-attempt': 'The delivery was taken back and given again since; this attempt no longer counts.',
  'delivery/ended': 'The delivery has ended otherwise already.',
  'delivery/cancelled': 'Its sender has cancelled it.',
  'delivery/not-dead': 'The delivery is no dead letter.',
  'delivery/no-asker': 'Nobody waits for an answer to this delivery.',
  'delivery/bad-signal': 'A signal is JSON of at most 16 KiB.',
  'delivery/not-offered': 'The delivery is waiting again; it is not offered now.',
  'delivery/bad-answer': 'The answer’s status is not success, error or input_required, or its data is not JSON.',
  'delivery/not-a-step': 'The delivery is not a step of a workflow.',
  'delivery/bad-lease': 'The lease asked for is zero or over an hour.',
  'inbox/full': 'The recipient has as many unfinished deliveries as it may have.',
  'broadcast/unknown': 'No broadcast has this number.',
  'broadcast/too-far-ahead': 'The agent left too many earlier broadcasts unhandled.',
  'broadcast/stale-attempt': 'The broadcast was failed before; this attempt no longer counts.',
  'event/bad-id': 'The id is not a UUIDv7 in lower case.',
  'event/bad-type': 'The type is not a snake or dotted name.',
  'event/reserved-type': 'Only the hub itself publishes events of this type.',
  'event/bad-data': 'The data is not JSON within 256 KiB.',
  'event/id-reused': 'The id was used before with other content.',
  'workflow/bad-definition': 'The definition has faults; each is named.',
  'workflow/id-reused': 'The id was used before with another definition.',
  'workflow/bad-id': 'The id is not a UUIDv7 in lower case.',
  'workflow/unknown': 'No workflow has this id, or it is not the caller’s to see.',
  'workflow/not-yours': 'Only whoever started the workflow, or an operator, may steer it.',
  'workflow/bad-move': 'The workflow, or the step, does not stand where this can be done.',
  'workflow/no-approval': 'Nobody is asked to approve this step now, or somebody else is.',
  'workflow/unknown-step': 'The workflow has no step of this name.',
  'workflow/too-many-watchers': 'As many watch as may.',
  'quota/rate': 'The agent sends more a second than it may.',
  'quota/unfinished': 'As many deliveries of the agent are unfinished as may be.',
  'quota/fan-out': 'The agent reaches more recipients a minute than it may.',
  'quota/stored-bytes': 'The hub keeps as many bytes as it may.',
  'quota/bad-limit': 'A limit is out of its range.',
  'hub/not-admitted': 'The hub is closed, and no operator has admitted this identity.',
  'hub/bad-admission': 'The rule admits nobody, or the server’s own issuer as a whole.',
  'dead/unknown': 'No dead letter has this number, or it is not the caller’s.',
  'dead/expired': 'The time to live of its message is over.',
  'operator/required': 'Only an operator may do this.',
  'operator/last': 'The last operator cannot be revoked.',
  'call/empty': 'No act was given.',
  'call/too-many-acts': 'More acts were given than one call may have.',
  'call/refused': 'At least one act was refused; the text lists each as JSON.',
  'call/bad-limit': 'The limit is zero or over 256.',
} as const;

/** The code of a refusal. */
export type Code = keyof typeof CODES;

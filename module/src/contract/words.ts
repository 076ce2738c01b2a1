// The words of the contract: patterns of names, signs of targets, and the values of states, kinds and types.

/**
 * Version of the interface as clients decode it. It counts up with every change that an older client cannot decode: a further
 * column of a public table or view, a further field of an act or of a result.
 */
export const CONTRACT_VERSION = 1;

/** Names of agents. */
export const AGENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** Names that no agent may register, because the hub itself sends under them. */
export const RESERVED_NAMES: readonly string[] = ['system', 'agora', 'operator'];
/** Names of capabilities, agent types and actions. */
export const SHORT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$/;
/** Message and event types: snake case or dotted. */
export const TYPE_NAME = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/;
/** UUIDv7 in lower case. */
export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The first character of a target that is not an agent; `everyone` is the whole target. */
export const SIGN = { group: '#', capability: '@', everyone: '*' } as const;

/** Priorities by name; `normal` is the default. */
export const PRIORITY = { low: 1, normal: 2, high: 3, critical: 4 } as const;
/** The name of a priority. */
export type PriorityName = keyof typeof PRIORITY;
/** 1 low, 2 normal, 3 high, 4 critical. */
export type Priority = (typeof PRIORITY)[PriorityName];

/** The status that an agent sets; a draining agent receives no new work. */
export const AGENT_STATUSES = ['active', 'busy', 'away', 'draining'] as const;
/** One of `AGENT_STATUSES`. */
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** Presence of an agent: a connection is attached, none is attached, or its heartbeat is overdue. */
export const PRESENCES = ['online', 'offline', 'stale'] as const;
/** One of `PRESENCES`. */
export type Presence = (typeof PRESENCES)[number];

/** Inbox rows that ask for work, take credit and have a lease. */
export const DUTY_KINDS = ['message', 'ask', 'task'] as const;
/** One of `DUTY_KINDS`. */
export type DutyKind = (typeof DUTY_KINDS)[number];
/** Inbox rows that ask for no work and take no credit. */
export const NOTICE_KINDS = ['answer', 'timeout', 'dead', 'expired', 'cancelled', 'progress', 'claim'] as const;
/** One of `NOTICE_KINDS`. */
export type NoticeKind = (typeof NOTICE_KINDS)[number];
/** All kinds of inbox rows. */
export const INBOX_KINDS = [...DUTY_KINDS, ...NOTICE_KINDS] as const;
/** One of `INBOX_KINDS`. */
export type InboxKind = (typeof INBOX_KINDS)[number];

/** Returns true if an inbox row of this kind asks for work. */
export function isDuty(kind: string): kind is DutyKind {
  return (DUTY_KINDS as readonly string[]).includes(kind);
}

/** Returns true if an inbox row of this kind is a notice. */
export function isNotice(kind: string): kind is NoticeKind {
  return (NOTICE_KINDS as readonly string[]).includes(kind);
}

/** States of a delivery; the last four are ends. A delivery that failed finally is `dead`. */
export const DELIVERY_STATES = ['delayed', 'queued', 'offered', 'done', 'expired', 'dead', 'cancelled'] as const;
/** One of `DELIVERY_STATES`. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** States of an ask; those after `input_required` are ends. A late answer is kept and marked. */
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

/** Statuses of an answer; `input_required` asks the asker back. */
export const ANSWER_STATUSES = ['success', 'error', 'input_required'] as const;
/** One of `ANSWER_STATUSES`. */
export type AnswerStatus = (typeof ANSWER_STATUSES)[number];

/** Who may join a group: any agent, or those that its owner has invited. */
export const GROUP_POLICIES = ['open', 'invitation'] as const;
/** One of `GROUP_POLICIES`. */
export type GroupPolicy = (typeof GROUP_POLICIES)[number];

/** Kinds of resources that a claim names: a path or a pattern of paths, or any other name. */
export const RESOURCE_KINDS = ['path', 'name'] as const;
/** One of `RESOURCE_KINDS`. */
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** States of a claim that has not ended. */
export const CLAIM_STATES = ['held', 'waiting'] as const;
/** One of `CLAIM_STATES`. */
export type ClaimState = (typeof CLAIM_STATES)[number];

/** Why the hub ended a claim: its lease or its wait was over, its agent stayed offline, an operator broke it. */
export const CLAIM_ENDS = ['expired', 'timed_out', 'absent', 'broken'] as const;
/** One of `CLAIM_ENDS`. */
export type ClaimEnd = (typeof CLAIM_ENDS)[number];

/** Admission of a hub: any identity that reaches it, or only those that an operator admitted. */
export const ADMISSIONS = ['open', 'closed'] as const;
/** One of `ADMISSIONS`. */
export type Admission = (typeof ADMISSIONS)[number];

/** Statuses of a workflow; the last three are ends. */
export const WORKFLOW_STATUSES = ['running', 'paused', 'compensating', 'succeeded', 'failed', 'cancelled'] as const;
/** One of `WORKFLOW_STATUSES`. */
export type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];

/** States of a step; from `succeeded` on they are ends. */
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

/** States of the compensation of a step. */
export const UNDO_STATES = ['running', 'done', 'failed'] as const;
/** One of `UNDO_STATES`. */
export type UndoState = (typeof UNDO_STATES)[number];

/**
 * What an unfinished step waits for: other steps, a moment, the resumption of its workflow, an approval, a place in a work
 * queue, an agent, an answer, its elements, its nested workflow, or room within the limits of its initiator or of an inbox.
 */
export const WAIT_REASONS = [
  'steps',
  'time',
  'resume',
  'approval',
  'queue',
  'agent',
  'answer',
  'elements',
  'workflow',
  'limit',
] as const;
/** One of `WAIT_REASONS`. */
export type WaitReason = (typeof WAIT_REASONS)[number];

/** The seven message types that every agent knows. */
export const STANDARD_MESSAGE_TYPES = [
  'documentation_request',
  'task_assignment',
  'collaboration_request',
  'status_update',
  'capability_announcement',
  'review_request',
  'system_notification',
] as const;

/** Events about a workflow that has ended; no event about it follows. */
export const WORKFLOW_END_EVENT_TYPES = ['workflow_completion', 'workflow_failed', 'workflow_cancelled'] as const;
/** Events about workflows and their steps. */
export const WORKFLOW_EVENT_TYPES = [
  'workflow_started',
  ...WORKFLOW_END_EVENT_TYPES,
  'workflow_paused',
  'workflow_resumed',
  'step_approval_requested',
  'step_ready',
  'step_completed',
  'step_failed',
] as const;
/** Events that only the hub publishes. */
export const SYSTEM_EVENT_TYPES = [
  'agent_registration',
  'agent_update',
  'agent_offline',
  'agent_unregistered',
  ...WORKFLOW_EVENT_TYPES,
  'message_dead_lettered',
  'system_alert',
  'operator_act',
] as const;
/** One of `SYSTEM_EVENT_TYPES`. */
export type SystemEventType = (typeof SYSTEM_EVENT_TYPES)[number];

/** Returns true if no event about a workflow follows one of this type. */
export function isWorkflowEnd(type: string): boolean {
  return (WORKFLOW_END_EVENT_TYPES as readonly string[]).includes(type);
}

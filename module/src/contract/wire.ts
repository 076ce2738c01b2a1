// JSON shapes that the module writes and clients read. Times are microseconds since 1970.

import type { AnswerStatus, ClaimEnd, ResourceKind } from './words.ts';

/** JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A message that another message refers to; the hub has verified that its sender had it. */
export interface EnvelopeReference {
  readonly id: string;
  readonly from: string;
  readonly fromId: number;
  readonly type: string;
  readonly sentAt: number;
}

/** A claim that was held when an act named it; the hub has verified its number. */
export interface FencingClaim {
  readonly id: string;
  readonly number: number;
}

/** The envelope of an inbox row: a message without its delivery state. */
export interface Envelope {
  /** Empty in a notice that is not a stored message. */
  readonly id: string;
  readonly from: string;
  readonly fromId: number;
  readonly to: string;
  readonly type: string;
  readonly priority: number;
  readonly sentAt: number;
  /** Deadline of the answer; 0 when the message is not an ask. */
  readonly answerBy: number;
  /** Of a task or an approval request: the agent that started the workflow, and its id. */
  readonly initiator?: string;
  readonly initiatorId?: number;
  /** The message that this one answers or reports on. */
  readonly inReplyTo?: string;
  /** The ask that this reply continues. */
  readonly continues?: string;
  readonly expiresAt?: number;
  /** The claim that its sender held: the act `Fence` named it. */
  readonly claim?: FencingClaim;
  /** Of an answer: the number of signals of its ask, if there were any. */
  readonly signals?: number;
  /** Nearest reference first. */
  readonly onBehalfOf?: readonly EnvelopeReference[];
  readonly forwarded?: readonly EnvelopeReference[];
  readonly headers?: JsonObject;
  readonly payload?: unknown;
  /** Size in bytes of a payload above `LIMITS.inlineBytes`, which `readPayload` returns. */
  readonly payloadBytes?: number;
}

/** Inputs of a step: outputs of its dependencies by name, and the errors of those that failed. */
export interface StepInputs {
  readonly inputs: JsonObject;
  /** True when the outputs are above `LIMITS.inputsLength` and must be read with the steps. */
  readonly inputs_omitted?: true;
  readonly failures?: Readonly<Record<string, string>>;
}

/** Payload of a `task_assignment` that the hub sends for a step. */
export interface TaskPayload {
  readonly task: StepInputs & {
    readonly workflow_id: string;
    readonly step: string;
    readonly action: string;
    readonly requirements: JsonObject;
    /** One element of a `for_each` step, and its position from 0 on. */
    readonly element?: unknown;
    readonly index?: number;
    /** True when the task undoes the step: `action` is that of `compensate`, `inputs` is the output of the step. */
    readonly compensates?: true;
    /** Inputs of the outer step, in a nested workflow. */
    readonly workflow_inputs?: JsonObject;
  };
}

/** Payload of an `approval_request`. */
export interface ApprovalPayload {
  readonly approval: StepInputs & {
    readonly workflow_id: string;
    readonly step: string;
    readonly action: string;
    readonly requirements: JsonObject;
  };
}

/** Payload of an `answer` notice. */
export interface AnswerPayload {
  readonly status: AnswerStatus;
  /** Set unless `status` is `error`. */
  readonly data?: unknown;
  /** Set when `status` is `error`. */
  readonly error?: string;
  /** True when the answer came after the deadline or after another end of the ask. */
  readonly late?: true;
}

/** Payload of a `progress` notice: the newest signal of an ask. */
export interface ProgressPayload {
  readonly seq: number;
  readonly from: string;
  readonly data: unknown;
}

/** Payload of a `timeout` notice. */
export interface TimeoutPayload {
  /** The reason of the last failed attempt, if one failed. */
  readonly reason?: string;
}

/** Payload of a `dead`, `expired` or `cancelled` notice. */
export interface EndPayload {
  readonly reason: string;
}

/** A resource of a claim. */
export interface ClaimedResource {
  readonly kind: ResourceKind;
  readonly key: string;
}

/** Payload of a `claim` notice of the type `claim_granted`: a claim that waited is held. */
export interface ClaimGrantedPayload {
  readonly claim: string;
  readonly number: number;
  readonly resources: readonly ClaimedResource[];
  /** End of the lease. */
  readonly until: number;
}

/** Payload of a `claim` notice of the type `claim_ended`: the hub has ended a claim. */
export interface ClaimEndedPayload {
  readonly claim: string;
  /** 0 if it waited. */
  readonly number: number;
  readonly resources: readonly ClaimedResource[];
  readonly end: ClaimEnd;
  readonly reason: string;
}

/** Message types of notices that are not stored messages. */
export interface NoticePayloads {
  readonly answer_timeout: TimeoutPayload;
  readonly delivery_dead: EndPayload;
  readonly delivery_expired: EndPayload;
  readonly delivery_cancelled: EndPayload;
  readonly claim_granted: ClaimGrantedPayload;
  readonly claim_ended: ClaimEndedPayload;
  readonly progress: Omit<ProgressPayload, 'data'>;
}

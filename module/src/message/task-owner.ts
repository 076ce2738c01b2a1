// The interface that `message/` calls of the workflow engine, a layer above it. `published/call.ts` supplies the implementation.

import type { UnitOfWork } from '../unit-of-work.ts';
import type { Answer } from './answer.ts';
import type { Message } from './envelope.ts';
import type { Trigger } from './rules.ts';

/** The owner of messages that belong to a step: tasks and approval requests. */
export interface TaskOwner {
  /** The delivery of a task has ended with an answer; undefined when the hub itself ended the task. */
  ended(unit: UnitOfWork, task: Message, delivery: { readonly attempt: number } | undefined, answer: Answer): void;
  /** Returns true if the step of a task counts its retries itself, so that a retryable failure ends the delivery. */
  ownsRetries(unit: UnitOfWork, task: string): boolean;
  /** The delivery of an approval request has ended by a trigger, but was not cancelled. */
  approvalRequestEnded(unit: UnitOfWork, request: Message, trigger: Trigger): void;
  /** An agent was unregistered. */
  agentLeft(unit: UnitOfWork, agent: bigint): void;
}

// Entry point of the client.

export { AgoraClient } from './agora-client.ts';
export type { AgentCalls } from './calls/agent-calls.ts';
export type { ClaimCalls } from './calls/claim-calls.ts';
export type { ClientBase } from './calls/client-base.ts';
export type { MessageCalls } from './calls/message-calls.ts';
export type { ReceiveCalls } from './calls/receive-calls.ts';
export type { WorkflowCalls } from './calls/workflow-calls.ts';
export type {
  ClientEvents,
  CloseOptions,
  CoordinationFilters,
  CoordinationQuery,
  CoordinationResult,
  EventRequest,
  MessageOptions,
  TypedMessageOptions,
  UntypedMessageOptions,
  WatchOptions,
} from './client-types.ts';
export type { AgentFilters, AgentInfo } from './agents/agents.ts';
export type { AgentUsage } from './agents/usage.ts';
export type { AgoraEvent, EventOf } from './events/agora-event.ts';
export type { Answer, PendingAnswer, ProgressSignal, ReplyOptions } from './wire/answer.ts';
export type { BatchAct, BatchOptions } from './batch.ts';
export type { ClaimFilter, ClaimInfo } from './claims/claim-info.ts';
export type { ClaimLock } from './claims/claim-lock.ts';
export type { ClaimOptions } from './claims/claims.ts';
export type { ClaimTarget } from './claims/resources.ts';
export type { ConnectOptions } from './connection/connection.ts';
export type { ConnectionState } from './connection/connection-state.ts';
export {
  AgoraError,
  CLIENT_CODES,
  ConnectionError,
  PermanentError,
  TimeoutError,
  type ActRefusal,
  type AgoraCode,
} from './base/errors.ts';
export type { EventHandler, EventSubscription } from './events/event-subscription.ts';
export type { EventOptions, OutgoingEvent } from './events/events.ts';
export type { MessageReference } from './wire/envelope.ts';
export type { GroupChange, GroupHistory, GroupInfo } from './agents/groups.ts';
export type { AttemptInfo, BroadcastInfo, DeliveryInfo, MessageRecord } from './send/history.ts';
export { requiredNames } from './wire/required-names.ts';
export type { MessageFilters } from './receive/message-filter.ts';
export type { Notice } from './receive/inbox.ts';
export type {
  FailOptions,
  IncomingMessage,
  MessageContext,
  MessageKind,
  MessageOf,
  Returned,
} from './receive/incoming-message.ts';
export type { LiveStream } from './base/live-stream.ts';
export type { MessageHandler, MessageSubscription } from './receive/message-subscription.ts';
export { nearestNames } from './base/nearest-names.ts';
export type { AskInfo, ResumeOptions } from './send/read-ask.ts';
export type {
  Accepted,
  AnswerWithin,
  DeliveryOptions,
  ForwardOptions,
  MessageContent,
  OutgoingMessage,
  Recipients,
} from './send/messages.ts';
export type { Priority, PriorityLevel, PriorityName } from './wire/priority.ts';
export type { AgoraClientOptions } from './options.ts';
export type { OutboxNote, OutboxOptions } from './acts/outbox.ts';
export type { KeptItem, OutboxStore } from './acts/outbox-store.ts';
export type { InboxPeek, PeekedMessage } from './send/peek.ts';
export type { ReceiveOptions } from './agents/own-agent.ts';
export type { Registration } from './agents/registration.ts';
export type {
  DeadLetter,
  DeadLetterFilter,
  HubLimits,
  HubStatus,
  ListedMessage,
  MailboxInfo,
  Operator,
  OperatorInfo,
  QueueInfo,
  Quota,
} from './agents/operator.ts';
export type { WebSocketConstructor, WebSocketLike } from './connection/web-socket-like.ts';
export {
  defineMessages,
  defineTypes,
  type AgoraTypes,
  type AnswerInputOf,
  type AnswerOf,
  type EventDataInputOf,
  type EventDataOf,
  type EventTypeName,
  type InputsOf,
  type MessageTypeName,
  type MessageTypeSchemas,
  type NoTypes,
  type PayloadInputOf,
  type PayloadOf,
  type RequirementsOf,
  type Schema,
  type TaskAction,
  type TaskOutputOf,
  type TaskSchemas,
} from './wire/message-types.ts';
export { isStandardType, MESSAGE_SCHEMAS, type StandardMessageType } from './wire/standard-messages.ts';
export type { ListedWorkflow, WorkflowListRequest } from './workflows/workflow-list.ts';
export type { StartOptions } from './workflows/workflows.ts';
export type { Served, ServeOptions } from './serve.ts';
export type { OpenTelemetryApi } from './trace/spans.ts';
export type { TaskOptions } from './subscriptions.ts';
export { taskOf, type Task, type TaskHandler, type TaskOf } from './receive/tasks.ts';
export type { TraceContext } from './base/trace-context.ts';
export type { TokenStore } from './connection/token-store.ts';
export type { WaitOptions } from './base/waiting.ts';
export type { TurnOptions } from './turns.ts';
export type { Backoff } from './base/backoff.ts';
export { createId } from './base/create-id.ts';
export type { TakeMailOptions, WaitForMailOptions } from './receive/mail.ts';
export { parseWorkflow } from './workflows/parse-workflow.ts';
export type { WorkflowDefinition, WorkflowStepDefinition } from './workflows/workflow-definition.ts';
export type {
  ResultOptions,
  WorkflowHandle,
  WorkflowResult,
  WorkflowStep,
  WorkflowSummary,
  WorkflowWait,
} from './workflows/workflow-handle.ts';

// What programs use to be agents on a hub.

export { AgoraClient } from './agora-client.ts';
export type { ClientEvents, CoordinationQuery, EventRequest, MessageOptions, WatchOptions } from './client-types.ts';
export type { AgentFilters, AgentInfo } from './agents.ts';
export type { AgoraEvent, EventOf } from './agora-event.ts';
export type { Answer, ReplyOptions } from './answer.ts';
export type { BatchAct } from './batch.ts';
export type { ConnectOptions, ConnectionState } from './connection.ts';
export {
  AgoraError,
  CLIENT_CODES,
  ConnectionError,
  PermanentError,
  TimeoutError,
  type ActRefusal,
  type AgoraCode,
} from './errors.ts';
export type { EventHandler, EventSubscription } from './event-subscription.ts';
export type { EventOptions, OutgoingEvent } from './events.ts';
export type { MessageReference } from './envelope.ts';
export type { GroupInfo } from './groups.ts';
export type { AgentUsage, BroadcastInfo, DeliveryInfo, MessageRecord } from './history.ts';
export { requiredNames } from './hub-names.ts';
export type { MessageFilters } from './filters.ts';
export type { Notice } from './inbox.ts';
export type { IncomingMessage, MessageContext, MessageKind, MessageOf, Returned } from './incoming-message.ts';
export type { LiveStream } from './live-stream.ts';
export type { MessageHandler, MessageSubscription } from './message-subscription.ts';
export { nearestNames } from './names.ts';
export type { Accepted, AnswerWithin, DeliveryOptions, ForwardOptions, OutgoingMessage } from './messages.ts';
export type { AgoraClientOptions } from './options.ts';
export type { OutboxNote, OutboxOptions } from './outbox.ts';
export type { KeptItem, OutboxStore } from './outbox-store.ts';
export type { PendingAnswer, ProgressSignal } from './pending-answer.ts';
export type { InboxPeek, PeekedMessage } from './peek.ts';
export type { ReceiveOptions, Registration } from './registration.ts';
export type {
  DeadLetter,
  DeadLetterFilter,
  HubLimits,
  HubStatus,
  MailboxInfo,
  OperatorInfo,
  Quota,
} from './operator.ts';
export type { WebSocketConstructor, WebSocketLike } from './socket.ts';
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
} from './message-types.ts';
export { isStandardType, MESSAGE_SCHEMAS, type StandardMessageType } from './standard-messages.ts';
export type { Served, ServeOptions } from './serve.ts';
export type { OpenTelemetryApi } from './spans.ts';
export type { TaskOptions } from './receiving.ts';
export { taskOf, type Task, type TaskHandler, type TaskOf } from './tasks.ts';
export type { TraceContext } from './trace-context.ts';
export type { TokenStore } from './token-store.ts';
export type { Waiting } from './time.ts';
export type { TurnOptions } from './turns.ts';
export { createId } from './uuid.ts';
export type { TakeMailOptions, WaitForMailOptions } from './wake.ts';
export {
  parseWorkflow,
  workflowDefinitionSchema,
  type WorkflowDefinition,
  type WorkflowStepDefinition,
} from './workflow-definition.ts';
export type { WorkflowHandle, WorkflowResult, WorkflowStep, WorkflowSummary, WorkflowWait } from './workflow-handle.ts';

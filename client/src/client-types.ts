// Parameter types of `AgoraClient`, and its events.

import type { AgentFilters, AgentInfo } from './agents/agents.ts';
import type { ConnectionState } from './connection/connection-state.ts';
import type { AgoraError } from './base/errors.ts';
import type { Keys } from './base/known-keys.ts';
import type { EventOptions } from './events/events.ts';
import type { MessageFilters } from './receive/message-filter.ts';
import type { Notice } from './receive/inbox.ts';
import type { MessageHandler } from './receive/message-subscription.ts';
import type { EventsMatching, NoTypes } from './wire/message-types.ts';
import type { OutboxNote } from './acts/outbox.ts';
import type { WorkflowSummary } from './workflows/workflow-handle.ts';

/** Events of `on` and `watch`. */
export interface ClientEvents {
  /** The state of the connection has changed; `error` is the reason why the last one ended. */
  readonly connection: { readonly state: ConnectionState; readonly error: AgoraError | undefined };
  /** Notice about a sent message that no call waits for: a late answer, a dead letter, an expiry. */
  readonly notice: Notice;
  /** The outbox has stored a message or event, or the hub has accepted or refused it. */
  readonly outbox: OutboxNote;
  /** An error that no call can be rejected with. Without a listener it goes to the console. */
  readonly warning: AgoraError;
}

/** The names of the events. */
export const CLIENT_EVENTS: Keys<ClientEvents> = { connection: true, notice: true, outbox: true, warning: true };

/** Handler and filters of a message subscription. */
export interface MessageOptions<Type extends string = string, Types = NoTypes> {
  readonly handler?: MessageHandler<Type, Types> | undefined;
  readonly filters?: MessageFilters<Type> | undefined;
  /** The most handlers that run at a time. Default 8. */
  readonly concurrency?: number | undefined;
  /** Closes the subscription: its loop ends, and the signals of its handlers abort. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a message subscription whose types are its first argument. */
export interface TypedMessageOptions<Type extends string = string, Types = NoTypes> extends Omit<
  MessageOptions<Type, Types>,
  'filters'
> {
  readonly filters?: Omit<MessageFilters, 'messageTypes'> | undefined;
}

/** Options of a message subscription to every type. */
export interface UntypedMessageOptions extends TypedMessageOptions {
  readonly filters?: (Omit<MessageFilters, 'messageTypes'> & { readonly messageTypes?: undefined }) | undefined;
}

/** Options of `close`. */
export interface CloseOptions {
  /** How long running handlers may take, in milliseconds; 0 aborts them immediately. Default 5,000. */
  readonly drainMs?: number | undefined;
}

/** Options of live loops. */
export interface WatchOptions {
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
}

/** Types, handler and range of an event subscription; without `eventTypes`, all types. */
export interface EventRequest<Filter extends string = string, Types = NoTypes> extends EventOptions<
  EventsMatching<Filter, Types>,
  Types
> {
  readonly eventTypes?: readonly Filter[] | undefined;
}

/** Filters of `queryCoordinationData` by its type. */
export interface CoordinationFilters {
  readonly agents: AgentFilters;
  readonly workflows: { readonly status?: WorkflowSummary['status'] | undefined };
}

/** Entries that `queryCoordinationData` returns, by its type. */
export interface CoordinationResult {
  readonly agents: AgentInfo;
  readonly workflows: WorkflowSummary;
}

/** Query of `queryCoordinationData`. */
export type CoordinationQuery = {
  [Type in keyof CoordinationFilters]: {
    readonly type: Type;
    readonly filters?: CoordinationFilters[Type] | undefined;
  };
}[keyof CoordinationFilters];

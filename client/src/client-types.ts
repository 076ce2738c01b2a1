// What the methods of `AgoraClient` take, and what it tells of.

import type { AgentFilters } from './agents/agents.ts';
import type { ConnectionState } from './connection/connection-state.ts';
import type { AgoraError } from './base/errors.ts';
import type { EventOptions } from './events/events.ts';
import type { MessageFilters } from './receive/message-filter.ts';
import type { Notice } from './receive/inbox.ts';
import type { MessageHandler } from './receive/message-subscription.ts';
import type { EventsMatching, NoTypes } from './wire/message-types.ts';
import type { OutboxNote } from './acts/outbox.ts';
import type { WorkflowSummary } from './workflows/workflow-handle.ts';

/** What `on` listens to. */
export interface ClientEvents extends Readonly<Record<string, unknown>> {
  /** The state of the connection has changed; `error` says why the last one ended. */
  readonly connection: { readonly state: ConnectionState; readonly error: AgoraError | undefined };
  /** Word about a message of this agent that nobody waits for: a late answer, a dead letter. */
  readonly notice: Notice;
  /** Something that was said without a connection was kept, accepted, or refused. */
  readonly outbox: OutboxNote;
  /** Something went wrong that no call could be rejected with. Without a listener it goes to the console. */
  readonly warning: AgoraError;
}

/** Which messages a subscription wants, and who handles them. */
export interface MessageOptions<Type extends string, Types = NoTypes> {
  readonly handler?: MessageHandler<Type, Types> | undefined;
  readonly filters?: MessageFilters<Type> | undefined;
  /** How many handlers run at once; by default 8. */
  readonly concurrency?: number | undefined;
  /** Closes the subscription: a loop over it ends, and the signals of its handlers are aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** How something live is watched. */
export interface WatchOptions {
  /** Ends the loop, as leaving it does. */
  readonly signal?: AbortSignal | undefined;
}

/** Which events a subscription wants, and who handles them; without `eventTypes`, all. */
export interface EventRequest<Filter extends string = string, Types = NoTypes> extends EventOptions<
  EventsMatching<Filter, Types>,
  Types
> {
  readonly eventTypes?: readonly Filter[] | undefined;
}

/** What coordination data is asked for. */
export type CoordinationQuery =
  | { readonly type: 'agents'; readonly filters?: AgentFilters | undefined }
  | {
      readonly type: 'workflows';
      readonly filters?: { readonly status?: WorkflowSummary['status'] | undefined } | undefined;
    };

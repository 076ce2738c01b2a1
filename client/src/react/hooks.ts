// Hooks for agents, the inbox, events and a workflow. Each subscribes while a component uses it.

import { useMemo, useSyncExternalStore } from 'react';
import type { AgoraClient } from '../agora-client.ts';
import type { AgentFilters, AgentInfo } from '../agents/agents.ts';
import type { AgoraEvent } from '../events/agora-event.ts';
import type { MessageFilters } from '../receive/message-filter.ts';
import type { MessageOf } from '../receive/incoming-message.ts';
import type { WorkflowStep, WorkflowSummary } from '../workflows/workflow-handle.ts';
import { aborted, liveStore, type Follow, type Live } from './live.ts';
import { useClient } from './provider.ts';

/** Default limit of lists. */
const DEFAULT_LIMIT = 100;

function useLive<T>(key: string, initial: T, follow: Follow<T>): Live<T> {
  const client = useClient();
  // The key contains all that `initial` and `follow` depend on.
  const store = useMemo(() => liveStore(client, key, initial, follow), [client, key]);
  return useSyncExternalStore(store.subscribe, store.snapshot, store.serverSnapshot);
}

const NO_AGENTS: readonly AgentInfo[] = [];

/**
 * Matching agents, in the order of their registration.
 *
 * @example
 * ```tsx
 * import { useAgents } from '@agora/client/react';
 *
 * function Agents() {
 *   const { data: agents, isReady } = useAgents({ presence: 'online' });
 *   return isReady ? <ul>{agents.map(agent => <li key={agent.id}>{agent.name}</li>)}</ul> : <p>Loading</p>;
 * }
 * ```
 */
export function useAgents(filters: AgentFilters = {}): Live<readonly AgentInfo[]> {
  return useLive(keyOf('agents', filters), NO_AGENTS, async (client, publish, signal) => {
    for await (const agents of client.watchAgents(filters, { signal })) publish(agents);
  });
}

/** Filters and limit of `useInbox`. Default limit: 100. */
export interface InboxOptions<Type extends string> extends MessageFilters<Type> {
  readonly limit?: number | undefined;
}

const EMPTY: readonly never[] = [];

/**
 * The waiting messages of this agent, by priority. A message stays until it is settled (`ack`, `respond`, `fail`) or taken
 * back; its lease is renewed while a component shows it. After that the rest goes to other subscriptions. The agent must be
 * registered.
 *
 * @example
 * ```tsx
 * import { useInbox } from '@agora/client/react';
 *
 * function Inbox() {
 *   const { data: messages } = useInbox({ messageTypes: ['review_request'] });
 *   return messages.map(message => (
 *     <button key={message.id} onClick={() => void message.respond({ approved: true })}>
 *       {message.payload.file_path}
 *     </button>
 *   ));
 * }
 * ```
 */
export function useInbox<const Type extends string>(
  options: InboxOptions<Type> & { readonly messageTypes: readonly Type[] },
): Live<readonly MessageOf<Type>[]>;
export function useInbox(options?: InboxOptions<never>): Live<readonly MessageOf<string>[]>;
export function useInbox(options: InboxOptions<string> = {}): Live<readonly MessageOf<string>[]> {
  const { limit = DEFAULT_LIMIT, messageTypes, ...filters } = options;
  const key = keyOf('inbox', messageTypes, filters, limit);
  return useLive<readonly MessageOf<string>[]>(key, EMPTY, async (client, publish, signal) => {
    await using subscription = await (messageTypes
      ? client.subscribeToMessages(messageTypes, { filters })
      : client.subscribeToMessages({ filters }));
    const show = () => publish(subscription.waiting().slice(0, limit));
    subscription.onChange(show);
    show();
    await aborted(signal);
  });
}

/** Start and limit of `useEvents`. Default limit: 100. */
export interface EventsOptions {
  /** `live` (default), or the number of the first event. */
  readonly from?: 'live' | number | undefined;
  readonly limit?: number | undefined;
}

/**
 * The newest events of some types, or of all, oldest first.
 *
 * @example
 * ```tsx
 * import { useEvents } from '@agora/client/react';
 *
 * function Builds() {
 *   const { data: events } = useEvents(['build.*'], { limit: 10 });
 *   return events.map(event => <p key={event.seq}>{event.type}</p>);
 * }
 * ```
 */
export function useEvents(
  types: string | readonly string[] = [],
  { from = 'live', limit = DEFAULT_LIMIT }: EventsOptions = {},
): Live<readonly AgoraEvent[]> {
  return useLive<readonly AgoraEvent[]>(keyOf('events', types, from, limit), EMPTY, async (client, publish, signal) => {
    await using events = await client.subscribeToEvents(types, { from });
    signal.addEventListener('abort', () => void events.close(), { once: true });
    let newest: readonly AgoraEvent[] = [];
    publish(newest);
    for await (const event of events) publish((newest = [...newest, event].slice(-limit)));
  });
}

/** A workflow with its steps. */
export interface WorkflowView extends WorkflowSummary {
  /** In the order of the definition. */
  readonly steps: readonly WorkflowStep[];
}

/**
 * A workflow with its steps; undefined until it is loaded, or without an id.
 *
 * @example
 * ```tsx
 * import { useWorkflow } from '@agora/client/react';
 *
 * function Progress({ id }: { id: string }) {
 *   const { data: workflow, error } = useWorkflow(id);
 *   return <p>{error?.message ?? `${workflow?.ended} of ${workflow?.total}`}</p>;
 * }
 * ```
 */
export function useWorkflow(workflowId: string | undefined): Live<WorkflowView | undefined> {
  return useLive<WorkflowView | undefined>(keyOf('workflow', workflowId), undefined, (client, publish, signal) =>
    workflowId === undefined ? Promise.resolve() : followWorkflow(client, workflowId, publish, signal),
  );
}

async function followWorkflow(
  client: AgoraClient,
  workflowId: string,
  publish: (view: WorkflowView) => void,
  signal: AbortSignal,
): Promise<void> {
  await using workflow = await client.workflow(workflowId);
  let isChanged = true;
  let wake: (() => void) | undefined;
  const look = () => {
    isChanged = true;
    wake?.();
  };
  workflow.onChange(look);
  signal.addEventListener('abort', look, { once: true });
  while (!signal.aborted) {
    if (!isChanged) await new Promise<void>(resolve => (wake = resolve));
    else {
      // Changes during the read cause one more turn.
      isChanged = false;
      const summary = workflow.status();
      publish({ ...summary, steps: await workflow.steps() });
    }
  }
}

/** Returns the key of a store: its name and options as text. */
function keyOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

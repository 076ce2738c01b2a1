// Hooks for agents, the inbox, events and a workflow. Each subscribes while a component uses it.

import { useMemo, useSyncExternalStore } from 'react';
import type { AgoraClient } from '../agora-client.ts';
import type { AgentFilters, AgentInfo } from '../agents/agents.ts';
import type { AgoraEvent } from '../events/agora-event.ts';
import type { MessageFilters } from '../receive/message-filter.ts';
import type { MessageOf } from '../receive/incoming-message.ts';
import type { StandardMessageType } from '../wire/standard-messages.ts';
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

/** The agents that are wanted, in the order of their registration. */
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
 * The messages that wait for this agent, the most important first. Each stays until it is settled (`message.ack()`,
 * `respond`, `fail`), or the hub takes it back; while it is shown its lease is renewed. When nobody shows the inbox any
 * more, what is left goes to whoever asks next. The agent has to be registered.
 */
export function useInbox<const Type extends string = StandardMessageType>(
  options: InboxOptions<Type> = {},
): Live<readonly MessageOf<Type>[]> {
  const { limit = DEFAULT_LIMIT, ...filters } = options;
  return useLive<readonly MessageOf<Type>[]>(keyOf('inbox', filters, limit), EMPTY, async (client, publish, signal) => {
    await using subscription = await client.subscribeToMessages<Type>({ filters });
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

/** The newest events of some types, or of all, the oldest of them first. */
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

/** A workflow with its steps; undefined until it is known, or while there is no id. */
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

// How a client comes to hear: who handles its messages and its tasks, and what happens to it as a loop.

import type { ClientEvents, MessageOptions, WatchOptions } from './client-types.ts';
import type { ClientParts } from './client-parts.ts';
import { messageMatcher } from './receive/message-filter.ts';
import { LiveStream } from './base/live-stream.ts';
import { MessageSubscription, type MessageHandler } from './receive/message-subscription.ts';
import { taskOf, type TaskHandler } from './receive/tasks.ts';

const CONCURRENCY = 8;
const MAX_STATES = 64;
const MAX_WATCHED = 1_024;

/** How many tasks are handled at once, and what ends it. */
export interface TaskOptions {
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Messages go to a handler, or wait to be taken from what is returned. */
export async function receiveMessages<Type extends string, Types>(
  { agent, broadcasts, dispatcher, tracing }: ClientParts,
  { handler, filters, concurrency = CONCURRENCY, signal }: MessageOptions<Type, Types>,
): Promise<MessageSubscription<Type, Types>> {
  const subscription = new MessageSubscription<Type, Types>({
    wants: messageMatcher(filters),
    handler: handler as MessageHandler | undefined, // it is given the types that it is for
    concurrency,
    tracing,
    signal,
    closed: (consumer, waiting) => dispatcher.remove(consumer, waiting),
  });
  dispatcher.add(subscription, 'messages');
  if (agent.id !== undefined) await broadcasts.listen(agent.id);
  return subscription;
}

/** Steps of workflows that have one of these actions, or any (`*`), go to a handler. */
export function receiveTasks(
  { dispatcher, tracing }: ClientParts,
  actions: ReadonlySet<string>,
  handler: TaskHandler,
  { concurrency = CONCURRENCY, signal }: TaskOptions,
): MessageSubscription {
  const subscription = new MessageSubscription({
    wants: message => {
      const task = taskOf(message);
      return task !== undefined && (actions.has('*') || actions.has(task.action));
    },
    handler: message => {
      const task = taskOf(message);
      return task && handler(task, message);
    },
    concurrency,
    tracing,
    signal,
    closed: (consumer, waiting) => dispatcher.remove(consumer, waiting),
  });
  dispatcher.add(subscription, 'tasks');
  return subscription;
}

/** What happens to a client, as a loop: see `AgoraClient.watch`. */
export function watchClient<Name extends keyof ClientEvents>(
  { connection, emitter, endings }: ClientParts,
  name: Name,
  { signal }: WatchOptions,
): LiveStream<ClientEvents[Name]> {
  const isState = name === 'connection';
  const stream = new LiveStream<ClientEvents[Name]>({
    what: `${String(name)}s`,
    maxWaiting: isState ? MAX_STATES : MAX_WATCHED,
    whenFull: isState ? 'drop-oldest' : 'fail',
    signal,
    closed: () => {
      stop();
      endings.delete(end);
    },
  });
  const stop = emitter.on(name, value => stream.push(value));
  // The last state says itself why it is the last.
  const end = (error: Error | undefined) => stream.end(isState ? undefined : error);
  endings.add(end);
  // The types cannot tell that only `connection` comes here.
  if (isState) stream.push({ state: connection.state, error: undefined });
  if (connection.state === 'closed') stream.end();
  return stream;
}

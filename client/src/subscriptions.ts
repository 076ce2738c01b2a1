// Subscriptions of a client: to messages, to tasks, and to its own events.

import type { ClientEvents, MessageOptions, WatchOptions } from './client-types.ts';
import type { ClientParts } from './client-parts.ts';
import { AgoraError } from './base/errors.ts';
import { checkKeys, type Keys } from './base/known-keys.ts';
import { MESSAGE_FILTERS, messageMatcher } from './receive/message-filter.ts';
import { LiveStream } from './base/live-stream.ts';
import { MessageSubscription, type MessageHandler } from './receive/message-subscription.ts';
import { taskOf, type TaskHandler } from './receive/tasks.ts';

/** Type of the messages that assign steps. */
const TASK_TYPE = 'task_assignment';
const CONCURRENCY = 8;
const MAX_STATES = 64;
const MAX_WATCHED = 1_024;

/** Options of `onTask`. */
export interface TaskOptions {
  /** The most tasks that are handled at a time. Default 8. */
  readonly concurrency?: number | undefined;
  /** Ends the subscription; the signals of its handlers abort. */
  readonly signal?: AbortSignal | undefined;
}

const TASK_OPTIONS: Keys<TaskOptions> = { concurrency: true, signal: true };
const MESSAGE_OPTIONS: Keys<MessageOptions> = { handler: true, filters: true, concurrency: true, signal: true };

/** Reads the arguments of `subscribeToMessages`: types, handler and options, or options alone. */
export function messageOptionsOf([first, second, third]: readonly unknown[]): MessageOptions {
  if (typeof first !== 'string' && !Array.isArray(first)) return optionsOf(first);
  const options = { ...optionsOf(second), ...optionsOf(third) };
  if (options.filters?.messageTypes !== undefined)
    throw new AgoraError('client/bad-option', 'the types of messages are given twice: apart, and in the filters');
  const messageTypes = typeof first === 'string' ? [first] : (first as readonly string[]);
  return { ...options, filters: { ...options.filters, messageTypes } };
}

function optionsOf(given: unknown): MessageOptions {
  if (typeof given === 'function') return { handler: given as MessageHandler };
  const options = (given ?? {}) as MessageOptions;
  checkKeys('the options of a subscription', options, MESSAGE_OPTIONS);
  return options;
}

/** Subscribes to messages. */
export async function openMessageSubscription(
  { agent, broadcasts, connection, dispatcher, tracing, types }: ClientParts,
  options: MessageOptions,
): Promise<MessageSubscription> {
  const { handler, filters, concurrency = CONCURRENCY, signal } = options;
  if (filters) checkKeys('the filters of messages', filters, MESSAGE_FILTERS);
  const matches = messageMatcher(filters);
  for (const type of filters?.messageTypes ?? []) types.noteType(type);
  // A step goes only to a handler that asks for steps: another one would finish it with a return value of no meaning.
  const asksForSteps = filters?.messageTypes?.some(type => type === TASK_TYPE) === true;
  const subscription = new MessageSubscription({
    wants: message => (message.kind !== 'task' || asksForSteps) && matches(message),
    handler,
    concurrency,
    tracing,
    warn: error => connection.warn(error),
    signal,
    closed: (consumer, waiting) => dispatcher.remove(consumer, waiting),
  });
  dispatcher.add(subscription, 'messages');
  if (agent.id !== undefined) await broadcasts.listen(agent.id);
  return subscription;
}

/** Subscribes to tasks with one of these actions, or any (`*`). */
export function openTaskSubscription(
  { connection, dispatcher, tracing }: ClientParts,
  actions: ReadonlySet<string>,
  handler: TaskHandler,
  options: TaskOptions,
): MessageSubscription {
  checkKeys('the options of onTask()', options, TASK_OPTIONS);
  const { concurrency = CONCURRENCY, signal } = options;
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
    warn: error => connection.warn(error),
    signal,
    closed: (consumer, waiting) => dispatcher.remove(consumer, waiting),
  });
  dispatcher.add(subscription, 'tasks');
  return subscription;
}

/** Opens a loop over events of a client: see `AgoraClient.watch`. */
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
  // The last state contains its error, so the loop does not throw it.
  const end = (error: Error | undefined) => stream.end(isState ? undefined : error);
  endings.add(end);
  // Only `connection` reaches this line, which the type does not show.
  const present: ClientEvents['connection'] = { state: connection.state, error: undefined };
  if (isState) stream.push(present as ClientEvents[Name]);
  if (connection.state === 'closed') stream.end();
  return stream;
}

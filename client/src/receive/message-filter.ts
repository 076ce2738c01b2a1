// Filters of messages by type, priority and sender.

import type { Keys } from '../base/known-keys.ts';
import { AgoraError } from '../base/errors.ts';
import { priorityOf, type PriorityLevel } from '../wire/priority.ts';

/** Filters of messages; a message must match all that are set. */
export interface MessageFilters<Type extends string = string> {
  readonly messageTypes?: readonly Type[] | undefined;
  readonly priority?: readonly PriorityLevel[] | undefined;
  readonly fromAgents?: readonly string[] | undefined;
}

/** The keys of `MessageFilters`. */
export const MESSAGE_FILTERS: Keys<MessageFilters> = { messageTypes: true, priority: true, fromAgents: true };

type Filtered = { readonly type: string; readonly priority: number; readonly from: string };

/** Returns a predicate for filters; without filters every message matches. */
export function messageMatcher(filters: MessageFilters = {}): (message: Filtered) => boolean {
  const types = listOf('messageTypes', filters.messageTypes);
  const levels = listOf('priority', filters.priority);
  const priorities = levels && new Set<number>([...levels].map(priorityOf));
  const senders = listOf('fromAgents', filters.fromAgents);
  return message =>
    (!types || types.has(message.type)) &&
    (!priorities || priorities.has(message.priority)) &&
    (!senders || senders.has(message.from));
}

/** Returns a list as a set. Throws `client/bad-option` for another value: the characters of a text would be a list, too. */
function listOf<T>(name: string, list: readonly T[] | undefined): Set<T> | undefined {
  if (list === undefined || Array.isArray(list)) return list && new Set(list);
  throw new AgoraError('client/bad-option', `${name} is a list, not ${typeof list}`);
}

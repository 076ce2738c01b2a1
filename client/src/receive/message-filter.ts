// Filters of messages by type, priority and sender.

/** Filters of messages; a message must match all that are set. */
export interface MessageFilters<Type extends string = string> {
  readonly messageTypes?: readonly Type[] | undefined;
  readonly priority?: readonly number[] | undefined;
  readonly fromAgents?: readonly string[] | undefined;
}

type Filtered = { readonly type: string; readonly priority: number; readonly from: string };

/** Returns a predicate for filters; without filters every message matches. */
export function messageMatcher(filters: MessageFilters = {}): (message: Filtered) => boolean {
  const types = filters.messageTypes && new Set<string>(filters.messageTypes);
  const priorities = filters.priority && new Set(filters.priority);
  const senders = filters.fromAgents && new Set(filters.fromAgents);
  return message =>
    (!types || types.has(message.type)) &&
    (!priorities || priorities.has(message.priority)) &&
    (!senders || senders.has(message.from));
}

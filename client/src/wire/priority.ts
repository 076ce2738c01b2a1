// Priorities of messages, by number or by name.

import { PRIORITY, type Priority, type PriorityName } from '@agora/module/contract';
import { AgoraError } from '../base/errors.ts';
import { nearestNames } from '../base/nearest-names.ts';

export type { Priority, PriorityName };

/** A priority, by its number or its name: 1 low, 2 normal, 3 high, 4 critical. */
export type PriorityLevel = Priority | PriorityName;

/** Returns the number of a priority. Throws `message/bad-priority`. */
export function priorityOf(level: PriorityLevel): Priority {
  if (typeof level === 'string') {
    if (Object.hasOwn(PRIORITY, level)) return PRIORITY[level];
  } else if (level === 1 || level === 2 || level === 3 || level === 4) return level;
  throw badPriority(level);
}

function badPriority(level: unknown): AgoraError {
  const near = typeof level === 'string' ? nearestNames(level, Object.keys(PRIORITY)) : [];
  const hint = near.length > 0 ? `did you mean "${near.join('" or "')}"?` : 'use 1 low, 2 normal, 3 high or 4 critical';
  const given = typeof level === 'string' ? `"${level}"` : String(level);
  return new AgoraError('message/bad-priority', `priority ${given} does not exist; ${hint}`);
}

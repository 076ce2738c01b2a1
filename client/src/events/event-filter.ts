// Filters of events by type.

import { TYPE_NAME } from '@agora/module/contract';
import { AgoraError } from '../base/errors.ts';

const FIRST_SEGMENT = /^[A-Za-z][A-Za-z0-9_]*\.\*$/;

/**
 * Returns a predicate for event types: exact types, a first segment with a wildcard (`build.*`), or `*`; an empty list is all.
 * Throws `event/bad-filter`.
 */
export function eventMatcher(types: readonly string[]): (type: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const type of types) {
    if (type === '*') return () => true;
    if (FIRST_SEGMENT.test(type)) prefixes.push(type.slice(0, -1));
    else if (TYPE_NAME.test(type)) exact.add(type);
    else
      throw new AgoraError(
        'event/bad-filter',
        `"${type}" is not an event type; use one such as "build.failed", or "build.*"`,
      );
  }
  if (types.length === 0) return () => true;
  return type => exact.has(type) || prefixes.some(prefix => type.startsWith(prefix));
}

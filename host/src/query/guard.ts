// Guards: values of which a row must have one before a query can match it. One lookup skips all queries with other values.

import { keyOfBytes } from '../datastore/row-key.ts';
import { type Condition, conjuncts } from './condition.ts';

/** One column with one value. */
export interface GuardPoint {
  readonly column: number;
  /** The key of the column's bytes. */
  readonly key: string;
}

/** A row that meets none of the points does not meet the conditions; without points no row meets them. */
export type Guard = readonly GuardPoint[];

/** Limit of points; a longer OR would need too many entries. */
const MAX_POINTS = 64;

/** The smallest guard of a conjunction on one relation; undefined if every row must be tested. */
export function guardOf(conditions: readonly Condition[]): Guard | undefined {
  let best: Guard | undefined;
  for (const condition of conditions.flatMap(conjuncts)) {
    const guard = guardOfOne(condition);
    if (guard && (!best || guard.length < best.length)) best = guard;
  }
  return best;
}

function guardOfOne(condition: Condition): Guard | undefined {
  switch (condition.kind) {
    case 'literal':
      if (condition.operator !== '=' || !condition.comparesBytes) return undefined;
      return [{ column: condition.column.column, key: keyOfBytes(condition.bytes) }];
    case 'constant':
      return condition.value ? undefined : [];
    case 'and':
      return guardOf(condition.terms);
    case 'or': {
      const points: GuardPoint[] = [];
      for (const term of condition.terms) {
        const guard = guardOf([term]);
        if (!guard || points.length + guard.length > MAX_POINTS) return undefined;
        points.push(...guard);
      }
      return points;
    }
    case 'columns':
    case 'booleans':
      return undefined;
  }
}

// What a row must have in one of its columns before a query can concern it: how many queries are passed by with one look.

import { keyOfBytes } from '../datastore/row-key.ts';
import { type Condition, conjuncts } from './condition.ts';

/** One column with one value. */
export interface GuardPoint {
  readonly column: number;
  /** The key of the column's bytes. */
  readonly key: string;
}

/** A row that meets none of the points does not meet the conditions; no points: no row does. */
export type Guard = readonly GuardPoint[];

/** A longer OR is not worth so many entries. */
const MAX_POINTS = 64;

/** The smallest guard of conditions on one relation that must all hold; undefined if every row has to be tested. */
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

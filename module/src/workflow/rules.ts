// The pure decisions about steps: what a condition says of an output, where a list is, how long to wait before trying again.

import { LIMITS } from '../contract/limits.ts';
import { parseJson } from '../text.ts';
import type { StepSpec } from './check.ts';
import type { StepShape } from './definition.ts';

/** The list that a step is done for, or why there is none. */
export function listOf(forEach: NonNullable<StepSpec['forEach']>, output: string): readonly unknown[] | string {
  const found: unknown = at(parseJson(output)?.value, forEach.path);
  if (!isList(found)) return `what it is to be done for is no list`;
  if (found.length > LIMITS.elements) return `it would be done ${found.length} times; ${LIMITS.elements} are allowed`;
  return found;
}

/** `Array.isArray` makes everything of what a list holds. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether a step's condition holds of a dependency that has ended. */
export function holds(when: NonNullable<StepSpec['when']>, state: string, output: string): boolean {
  if (when.status !== undefined && when.status !== state) return false;
  if (!when.output) return true;
  const { path, exists, equals, not_equals: notEquals, greater_than: least, less_than: most } = when.output;
  const found = at(parseJson(output)?.value, path);
  if (exists !== undefined && exists !== (found !== undefined)) return false;
  if (equals !== undefined && !isEqual(found, equals)) return false;
  if (notEquals !== undefined && isEqual(found, notEquals)) return false;
  if (least !== undefined && !(typeof found === 'number' && found > least)) return false;
  return most === undefined || (typeof found === 'number' && found < most);
}

function at(value: unknown, path: string): unknown {
  return path === '' ? value : path.split('.').reduce<unknown>(member, value);
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key]; // an object that has this key
}

/** Equal as JSON, whatever the order of keys. */
function isEqual(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(key => Object.hasOwn(other, key) && isEqual(member(one, key), member(other, key)));
}

/** Backoffs grow up to this, unless something else was said. */
const MOST_BACKOFF_MS = 60_000;

/** Microseconds before a step is tried again, for the n-th time; `chance` is 0 to 1. */
export function retryMicros(retries: NonNullable<StepShape['retries']>, n: number, chance: number): bigint {
  const most = retries.max_backoff_ms ?? Math.max(MOST_BACKOFF_MS, retries.backoff_ms);
  const backoff = Math.min(retries.backoff_ms * 2 ** (n - 1), most);
  return BigInt(Math.round(backoff * (1 + retries.jitter * chance))) * 1000n;
}

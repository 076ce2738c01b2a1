// Pure rules of steps: conditions on outputs, lists of `for_each`, backoff with jitter.

import { LIMITS } from '../contract/limits.ts';
import { toMicros } from '../micros.ts';
import type { StepSpec } from './check.ts';
import type { StepShape } from './definition.ts';

/** The list of a `for_each` step, or the reason why there is none. */
export function listOf(forEach: NonNullable<StepSpec['forEach']>, output: unknown): readonly unknown[] | string {
  const found: unknown = at(output, forEach.path);
  if (!isList(found)) return `the value for "for_each" is not a list`;
  if (found.length > LIMITS.elements) return `the list has ${found.length} elements; ${LIMITS.elements} are allowed`;
  return found;
}

/** `Array.isArray` narrows to `any[]`. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Returns true if the condition of a step holds for a dependency that has ended; `output` reads the value of its output. */
export function holds(when: NonNullable<StepSpec['when']>, state: string, output: () => unknown): boolean {
  if (when.status !== undefined && when.status !== state) return false;
  if (!when.output) return true;
  const { path, exists, equals, not_equals: notEquals, greater_than: min, less_than: max } = when.output;
  const found = at(output(), path);
  if (exists !== undefined && exists !== (found !== undefined)) return false;
  if (equals !== undefined && !isEqual(found, equals)) return false;
  if (notEquals !== undefined && isEqual(found, notEquals)) return false;
  if (min !== undefined && !(typeof found === 'number' && found > min)) return false;
  return max === undefined || (typeof found === 'number' && found < max);
}

function at(value: unknown, path: string): unknown {
  return path === '' ? value : path.split('.').reduce<unknown>(member, value);
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key]; // an object with this key
}

/** Equality of JSON values; the order of keys does not matter. */
function isEqual(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(key => Object.hasOwn(other, key) && isEqual(member(one, key), member(other, key)));
}

/** Default of `max_backoff_ms`. */
const MAX_BACKOFF_MS = 60_000;

/** Exponential backoff with jitter before the n-th retry, in microseconds; `random` is 0 to 1. */
export function retryMicros(retries: NonNullable<StepShape['retries']>, n: number, random: number): bigint {
  const max = retries.max_backoff_ms ?? Math.max(MAX_BACKOFF_MS, retries.backoff_ms);
  const backoff = Math.min(retries.backoff_ms * 2 ** (n - 1), max);
  return toMicros(Math.round(backoff * (1 + retries.jitter * random)));
}

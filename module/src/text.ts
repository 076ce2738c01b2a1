// Text from outside: its size in bytes, its JSON value, the time in an id.

import { UUID_V7 } from './contract/words.ts';

const utf8 = new TextEncoder();

/** Returns true if a text is longer than `limit` bytes of UTF-8. Encodes only if the length in characters does not decide it. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  return utf8.encode(text).length > limit;
}

/** Returns the length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  // Most texts here are ASCII, and the test for that is faster than encoding.
  return /^[\x00-\x7f]*$/.test(text) ? text.length : utf8.encode(text).length;
}

/** Returns the value of a JSON text, or undefined if the text is not JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Returns true if a JSON value is an object, neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the time in a UUIDv7 (milliseconds since 1970; RFC 9562, 5.7), or undefined if the text is not a UUIDv7. */
export function uuidTimeMs(id: string): number | undefined {
  return UUID_V7.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

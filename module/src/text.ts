// Checks on text that comes from outside: its size in bytes, and whether it is JSON.

import { UUID_V7 } from './contract/words.ts';

const utf8 = new TextEncoder();

/** Whether a text is longer than `limit` bytes of UTF-8. Counts only where the length in characters leaves it open. */
export function isLongerThan(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  return utf8.encode(text).length > limit;
}

/** The length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  // Most texts here are ASCII, and the engine sees that sooner than it encodes them.
  return /^[\x00-\x7f]*$/.test(text) ? text.length : utf8.encode(text).length;
}

/** The value of a JSON text, or undefined when it is none. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Whether a JSON value is an object that is neither null nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The time in a UUIDv7, in milliseconds since 1970, or undefined when the text is none (RFC 9562, 5.7). */
export function uuidTimeMs(id: string): number | undefined {
  return UUID_V7.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

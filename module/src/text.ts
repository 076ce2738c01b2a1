// Text from outside: its size in bytes, its JSON value, the time in an id.

import { LIMITS } from './contract/limits.ts';
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

/**
 * Returns the value of a JSON text from outside; undefined if it is not JSON, or nested deeper than `LIMITS.jsonDepth`: code
 * that walks a value recursively, such as `JSON.stringify`, overflows the stack on deep ones.
 */
export function parseInput(text: string): { readonly value: unknown } | undefined {
  return isDeeperThan(text, LIMITS.jsonDepth) ? undefined : parseJson(text);
}

/** Returns true if the brackets outside of strings are nested deeper than `limit`. The text may be any. One pass, no recursion. */
export function isDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return false; // an open string: not JSON
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > limit) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** The position of the quote that ends the string that begins at `start`; -1 if there is none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

/** Returns the value of a stored JSON text, or undefined if the text is not JSON. Its depth is not checked; see `parseInput`. */
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

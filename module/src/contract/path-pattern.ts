// Patterns of paths in claims, and the decision if two of them can match a common path.
//
// A path has segments separated by `/`. In a segment `*` matches any run of characters and `?` matches one; the segment `**`
// matches any number of segments, also none. All other characters, also brackets, match themselves.

import { LIMITS } from './limits.ts';

/** A pattern of paths, split into its segments. */
export interface PathPattern {
  readonly segments: readonly string[];
  /** Number of leading segments without wildcards: the pattern is a single path if these are all. */
  readonly literals: number;
}

/** Returns the parts of a pattern; undefined if it is no relative path in normal form. */
export function parsePathPattern(key: string): PathPattern | undefined {
  if (key === '' || key.length > LIMITS.claimKeyLength || /[\u0000-\u001f\\]/.test(key)) return undefined;
  const segments = key.split('/');
  if (segments.length > LIMITS.claimSegments || segments.some(isNoSegment)) return undefined;
  const wildcard = segments.findIndex(segment => /[*?]/.test(segment));
  return { segments, literals: wildcard < 0 ? segments.length : wildcard };
}

/** Returns true if a path exists that both patterns match. Linear in the lengths, except for one pattern without `**`. */
export function canMatchCommonPath(a: PathPattern, b: PathPattern): boolean {
  return canMeet(a.segments, b.segments, '**', canMatchCommonSegment);
}

function isNoSegment(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..';
}

function canMatchCommonSegment(a: string, b: string): boolean {
  if (a === b) return true;
  if (!/[*?]/.test(a) && !/[*?]/.test(b)) return false;
  return canMeet([...a], [...b], '*', (x, y) => x === y || x === '?' || y === '?');
}

/**
 * Returns true if the product of two automata accepts a sequence. Each is a chain of elements, in which a `star` loops over any
 * elements. That form needs no search of states: two chains with stars meet if their heads before the first star and their tails
 * after the last star do, since all that is between fits one after the other. A chain without stars has a fixed length, in which
 * the leftmost places of the parts between the stars of the other one decide.
 */
function canMeet(
  a: readonly string[],
  b: readonly string[],
  star: string,
  fits: (x: string, y: string) => boolean,
): boolean {
  const isOpenA = a.includes(star);
  const isOpenB = b.includes(star);
  if (!isOpenA && !isOpenB) return a.length === b.length && fitsAt(a, b, 0, fits);
  if (!isOpenA) return fitsInto(partsOf(b, star), a, fits);
  if (!isOpenB) return fitsInto(partsOf(a, star), b, fits);
  const headA = a.slice(0, a.indexOf(star));
  const headB = b.slice(0, b.indexOf(star));
  const tailA = a.slice(a.lastIndexOf(star) + 1).reverse();
  const tailB = b.slice(b.lastIndexOf(star) + 1).reverse();
  return fitsShorter(headA, headB, fits) && fitsShorter(tailA, tailB, fits);
}

/** Returns the parts of a chain before, between and after its stars. */
function partsOf(chain: readonly string[], star: string): string[][] {
  const parts: string[][] = [[]];
  for (const each of chain) {
    if (each === star) parts.push([]);
    else parts.at(-1)?.push(each);
  }
  return parts;
}

/** Returns true if the first part fits at the start of a chain without stars, the last at its end, the others in order between. */
function fitsInto(
  parts: readonly string[][],
  chain: readonly string[],
  fits: (x: string, y: string) => boolean,
): boolean {
  const head = parts[0] ?? [];
  const tail = parts.at(-1) ?? [];
  const end = chain.length - tail.length;
  if (head.length > end || !fitsAt(head, chain, 0, fits) || !fitsAt(tail, chain, end, fits)) return false;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    while (at + part.length <= end && !fitsAt(part, chain, at, fits)) at++;
    at += part.length;
    if (at > end) return false;
  }
  return true;
}

function fitsAt(
  part: readonly string[],
  chain: readonly string[],
  at: number,
  fits: (x: string, y: string) => boolean,
): boolean {
  return part.every((each, index) => fits(each, chain[at + index] ?? ''));
}

function fitsShorter(a: readonly string[], b: readonly string[], fits: (x: string, y: string) => boolean): boolean {
  const length = Math.min(a.length, b.length);
  return fitsAt(a.slice(0, length), b, 0, fits);
}

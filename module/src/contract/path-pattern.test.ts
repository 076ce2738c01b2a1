import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canMatchCommonPath, parsePathPattern, type PathPattern } from './path-pattern.ts';

function pattern(key: string): PathPattern {
  const parsed = parsePathPattern(key);
  if (!parsed) throw new Error(`${key} is no pattern`);
  return parsed;
}

const conflicts = (a: string, b: string) => canMatchCommonPath(pattern(a), pattern(b));

/** The naive matcher: backtracks over characters and segments. */
function matches(segments: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = segments;
  if (first === undefined) return path.length === 0;
  if (first === '**') return matches(rest, path) || (path.length > 0 && matches(segments, path.slice(1)));
  const [name, ...deeper] = path;
  return name !== undefined && matchesName(first, name) && matches(rest, deeper);
}

function matchesName(glob: string, name: string): boolean {
  if (glob === '') return name === '';
  if (glob[0] === '*') return matchesName(glob.slice(1), name) || (name !== '' && matchesName(glob, name.slice(1)));
  return name !== '' && (glob[0] === '?' || glob[0] === name[0]) && matchesName(glob.slice(1), name.slice(1));
}

/** The naive intersection of two chains of elements: tries every pair of steps. */
function meet(
  a: readonly string[],
  b: readonly string[],
  star: string,
  fits: (x: string, y: string) => boolean,
): boolean {
  const [x, ...restA] = a;
  const [y, ...restB] = b;
  if (x === undefined) return b.every(each => each === star);
  if (y === undefined) return a.every(each => each === star);
  // A star ends, or takes one more element of the other chain.
  if (x === star) return meet(restA, b, star, fits) || meet(a, restB, star, fits);
  if (y === star) return meet(a, restB, star, fits) || meet(restA, b, star, fits);
  return fits(x, y) && meet(restA, restB, star, fits);
}

const meetByName = (x: string, y: string) =>
  meet([...x], [...y], '*', (one, other) => one === other || one === '?' || other === '?');

const meetByPath = (a: readonly string[], b: readonly string[]) => meet(a, b, '**', meetByName);

/** All names of at most 3 characters of `ab`, and all paths of at most 3 of these names. */
const NAMES = ['a', 'b', 'aa', 'ab', 'ba', 'bb', 'aaa', 'aab', 'aba', 'abb', 'baa', 'bab', 'bba', 'bbb'];
const PATHS = [1, 2, 3].reduce<string[][][]>(
  levels => [...levels, (levels.at(-1) ?? []).flatMap(path => NAMES.map(name => [...path, name]))],
  [[[]]],
);

const name = fc.string({ unit: fc.constantFrom('a', 'b', '?', '*'), minLength: 1, maxLength: 3 });
const segment = fc.oneof({ weight: 3, arbitrary: name }, { weight: 1, arbitrary: fc.constant('**') });
const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map(segments => segments.join('/'));

describe('two patterns', () => {
  test.each([
    ['src/**', 'src/a/b.ts', true],
    ['src/**', 'src', true],
    ['src/**', 'srcs/a', false],
    ['docs/*.md', 'docs/a.md', true],
    ['docs/*.md', 'docs/deep/a.md', false],
    ['docs/*.md', 'docs/a*', true],
    ['**/package.json', 'client/*', true],
    ['**/package.json', 'client/*.ts', false],
    ['a/**/x/**/z', 'a/b/x/z', true],
    ['a/**/x/**/z', 'a/b/z', false],
    ['app/[id].tsx', 'app/i.tsx', false],
    ['*/*', '**/a', true],
    ['a?c', 'abc', true],
    ['a*b*c', 'abbc', true],
    ['a*b*c', 'acc', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(conflicts(a, b)).toBe(expected);
    expect(conflicts(b, a)).toBe(expected);
  });

  test('conflict if both match one of all short paths', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [one, other] = [pattern(a).segments, pattern(b).segments];
        const isCommon = PATHS.flat().some(path => matches(one, path) && matches(other, path));
        if (isCommon) expect(conflicts(a, b)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('conflict exactly if a search of all pairs of states finds a common end', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(conflicts(a, b)).toBe(meetByPath(pattern(a).segments, pattern(b).segments));
        expect(conflicts(b, a)).toBe(conflicts(a, b));
      }),
      { numRuns: 10_000 },
    );
  });

  test('that a generated path matches conflict, and a generated path conflicts exactly with the patterns that match it', () => {
    const path = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(key, path, (a, segments) => {
        expect(conflicts(a, segments.join('/'))).toBe(matches(pattern(a).segments, segments));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a pattern', () => {
  test.each(['', '/a', 'a/', 'a//b', './a', '../a', 'a/..', 'a\\b', 'a\nb', 'x'.repeat(513), 'a/'.repeat(32) + 'a'])(
    'is refused: %j',
    given => expect(parsePathPattern(given)).toBeUndefined(),
  );

  test('has the leading segments without wildcards as its prefix', () => {
    expect(pattern('a/b/*.ts').literals).toBe(2);
    expect(pattern('a/b').literals).toBe(2);
    expect(pattern('**/b').literals).toBe(0);
  });
});

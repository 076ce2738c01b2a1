import { describe, expect, test } from 'vitest';
import { eventMatcher } from './event-filter.ts';

describe('a filter of events', () => {
  test.each([
    [[], 'anything', true],
    [['*'], 'anything', true],
    [['build.*'], 'build.failed', true],
    [['build.*'], 'build.failed.twice', true],
    [['build.*'], 'build', false],
    [['build.*'], 'builder.failed', false],
    [['build.failed', 'x'], 'x', true],
    [['build.failed'], 'build.started', false],
  ])('%j of %s: %j', (types, type, wanted) => {
    expect(eventMatcher(types)(type)).toBe(wanted);
  });

  test.each(['a.*.b', '*.b', 'a b', '', 'a.b.*', '.*'])('cannot be "%s"', type => {
    expect(() => eventMatcher([type])).toThrow(expect.objectContaining({ code: 'event/bad-filter' }));
  });
});

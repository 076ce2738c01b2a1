import { describe, expect, it } from 'vitest';
import { eventMatcher, messageMatcher } from './message-filter.ts';

describe('a filter of messages', () => {
  const message = { type: 'task_assignment', priority: 3, from: 'ProjectManager' };

  it.each([
    [{}, true],
    [{ messageTypes: ['task_assignment', 'other'] }, true],
    [{ messageTypes: ['other'] }, false],
    [{ messageTypes: [] }, false],
    [{ priority: [2, 3, 4] }, true],
    [{ priority: [1] }, false],
    [{ fromAgents: ['ProjectManager'] }, true],
    [{ fromAgents: ['projectmanager'] }, false],
    [{ messageTypes: ['task_assignment'], priority: [3], fromAgents: ['Somebody'] }, false],
  ])('%j: %j', (filters, wanted) => {
    expect(messageMatcher(filters)(message)).toBe(wanted);
  });
});

describe('a filter of events', () => {
  it.each([
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

  it.each(['a.*.b', '*.b', 'a b', '', 'a.b.*', '.*'])('cannot be "%s"', type => {
    expect(() => eventMatcher([type])).toThrow(expect.objectContaining({ code: 'event/bad-filter' }));
  });
});

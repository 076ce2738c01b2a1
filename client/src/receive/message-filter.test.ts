import { describe, expect, test } from 'vitest';
import { messageMatcher, type MessageFilters } from './message-filter.ts';

describe('a filter of messages', () => {
  const message = { type: 'task_assignment', priority: 3, from: 'ProjectManager' };

  test.each<[MessageFilters, boolean]>([
    [{}, true],
    [{ messageTypes: ['task_assignment', 'other'] }, true],
    [{ messageTypes: ['other'] }, false],
    [{ messageTypes: [] }, false],
    [{ priority: [2, 3, 4] }, true],
    [{ priority: [1] }, false],
    [{ priority: ['high', 4] }, true],
    [{ priority: ['low'] }, false],
    [{ fromAgents: ['ProjectManager'] }, true],
    [{ fromAgents: ['projectmanager'] }, false],
    [{ messageTypes: ['task_assignment'], priority: [3], fromAgents: ['Somebody'] }, false],
  ])('%j: %j', (filters, wanted) => {
    expect(messageMatcher(filters)(message)).toBe(wanted);
  });
});

// "Message Filtering": only relevant messages reach the handler.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('messages are filtered', () => {
  test('as the document shows', async () => {
    const client = await hub.join('YourAgentName');
    const handled = new Received<string>();
    const rest = new Received<string>();

    // Only listen for relevant messages
    await client.subscribeToMessages({
      handler: message => handled.add(`${message.type} ${message.priority} ${message.from}`),
      filters: {
        messageTypes: ['task_assignment', 'collaboration_request'],
        priority: [2, 3, 4], // Normal, high, and critical only
        fromAgents: ['DocSystemAgent', 'ProjectManager'],
      },
    });
    await client.subscribeToMessages(message => rest.add(`${message.type} ${message.priority} ${message.from}`));

    const docs = await hub.join('DocSystemAgent');
    const stranger = await hub.join('Stranger');
    const task = { toAgent: 'YourAgentName', messageType: 'task_assignment', payload: { task: {} } } as const;
    await docs.sendMessage({ ...task, priority: 1 });
    await docs.sendMessage({ toAgent: 'YourAgentName', messageType: 'status_update', payload: {} });
    await stranger.sendMessage(task);
    await docs.sendMessage({ ...task, priority: 3 });
    await docs.sendMessage({ toAgent: '*', messageType: 'collaboration_request', payload: { project: 'p' } });

    expect(await handled.atLeast(2)).toEqual([
      'task_assignment 3 DocSystemAgent',
      'collaboration_request 2 DocSystemAgent',
    ]);
    expect(await rest.atLeast(3)).toEqual([
      'task_assignment 1 DocSystemAgent',
      'status_update 2 DocSystemAgent',
      'task_assignment 2 Stranger',
    ]);
  });
});

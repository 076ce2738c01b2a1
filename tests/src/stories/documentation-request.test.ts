// "Request Documentation Creation" and "New Approach (Recommended)": ask a capable agent and get its answer directly.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('documentation is requested', () => {
  test('as the document shows', async () => {
    const docs = await hub.join('DocSystemAgent', { capabilities: ['documentation'] });
    const requests = new Received<unknown>();
    await docs.subscribeToMessages({
      filters: { messageTypes: ['documentation_request'] },
      handler: async ({ payload }) => {
        requests.add(payload);
        await docs.publishEvent({
          eventType: 'documentation_created',
          data: { title: payload.component_name ?? payload.title },
        });
      },
    });
    const client = await hub.join('YourAgentName');
    const created = new Received<unknown>();
    await client.subscribeToEvents(['documentation_created'], { handler: event => created.add(event.data['title']) });

    await client.sendMessage({
      toAgent: 'DocSystemAgent',
      messageType: 'documentation_request',
      payload: {
        action: 'create_component_docs',
        component_name: 'UserProfileCard',
        description: 'Displays user information with avatar and social links',
        props: {
          user: 'User object with name, avatar, email',
          showSocial: 'boolean to display social media links',
          onClick: 'callback function for card interaction',
        },
        examples: ['Basic usage with user data', 'With social links enabled', 'With custom onClick handler'],
      },
      priority: 2,
    });

    expect(await created.first()).toBe('UserProfileCard');
    expect(await requests.first()).toMatchObject({ props: { showSocial: 'boolean to display social media links' } });
  });

  test('with an immediate answer instead of a file that an agent has to discover', async () => {
    const docs = await hub.join('ProjectDocs', { capabilities: ['documentation'] });
    await docs.subscribeToMessages({
      filters: { messageTypes: ['documentation_request'] },
      handler: ({ payload }) => ({ file_path: `project_docs/${payload.title}.md` }),
    });
    const client = await hub.join('Migrated');

    const response = await client.sendMessage({
      toAgent: 'ProjectDocs',
      messageType: 'documentation_request',
      payload: {
        document_type: 'project',
        title: 'My Component',
        description: 'Component description',
        requirements: { include_examples: true },
      },
      timeout: 10,
    });

    // Get immediate response and real-time updates!
    expect(response).toMatchObject({ status: 'success', data: { file_path: 'project_docs/My Component.md' } });
  });
});

// "Subscribe to System Events" and "Publish Events": every event once, in order, by type, live or from a number on.

import type { AgoraEvent } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('events', () => {
  test('are followed as the document shows', async () => {
    const validated = new Received<unknown>();
    const welcomed = new Received<unknown>();
    const client = await hub.join('Follower');

    // Listen for specific events
    await client.subscribeToEvents([
      'agent_registration',
      'workflow_completion',
      'documentation_updated',
      'system_alert',
    ]);

    client.onEvent(async event => {
      if (event.type === 'documentation_updated') {
        const docPath = event.data['file_path'];
        await Promise.resolve(validated.add(docPath));
      } else if (event.type === 'agent_registration') {
        const newAgent = event.data['agent_name'];
        await Promise.resolve(welcomed.add(newAgent));
      }
    });

    const newcomer = await hub.join('NewAgent');
    await newcomer.publishEvent({ eventType: 'something_else', data: {} });
    await newcomer.publishEvent({ eventType: 'documentation_updated', data: { file_path: 'docs/modal.md' } });
    expect(await validated.first()).toBe('docs/modal.md');
    expect(welcomed.items).toEqual(['NewAgent']);
  });

  test('are published as the document shows', async () => {
    const client = await hub.join('YourAgentName');
    const events = new Received<AgoraEvent>();
    await client.subscribeToEvents(['documentation_created'], { handler: events.add });

    const { eventId } = await client.publishEvent({
      eventType: 'documentation_created',
      data: {
        document_path: 'project_docs/modal_component.md',
        author: 'YourAgentName',
        document_type: 'component',
        status: 'draft',
      },
    });

    const event = await events.first();
    expect(event).toMatchObject({
      id: eventId,
      type: 'documentation_created',
      source: 'YourAgentName',
      data: { document_path: 'project_docs/modal_component.md', status: 'draft' },
    });
    expect(Math.abs(event.at.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('are filtered by their first segment, and read in a loop', async () => {
    const client = await hub.join('Builder');
    const subscription = await client.subscribeToEvents('build.*');

    for (const eventType of ['build.started', 'built', 'deploy.started', 'build.failed']) {
      await client.publishEvent({ eventType, data: {} });
    }

    const types: string[] = [];
    for await (const event of subscription) {
      types.push(event.type);
      if (types.length === 2) break;
    }
    expect(types).toEqual(['build.started', 'build.failed']);
  });

  test('arrive once and in order, a thousand of them, also at a slow reader', async () => {
    const client = await hub.join('Publisher');
    const reader = hub.client('SlowReader');
    await reader.connect();
    const subscription = await reader.subscribeToEvents(['count']);
    const numbers = Array.from({ length: 3_000 }, (_, n) => n);

    await Promise.all(numbers.map(n => client.publishEvent({ eventType: 'count', data: { n } })));

    const seen: unknown[] = [];
    for await (const event of subscription) {
      seen.push(event.data['n']);
      if (seen.length === numbers.length) break;
    }
    expect(seen).toEqual(numbers);
  });

  test('are resumed from a number on', async () => {
    const client = await hub.join('Continuer');
    const subscription = await client.subscribeToEvents(['story.*']);
    await client.publishEvent({ eventType: 'story.one', data: {} });
    for await (const event of subscription) {
      expect(event.type).toBe('story.one');
      break;
    }
    await client.publishEvent({ eventType: 'story.two', data: {} });

    const events = new Received<string>();
    const from = subscription.position + 1;
    await client.subscribeToEvents(['story.*'], { from, handler: event => events.add(event.type) });
    await client.publishEvent({ eventType: 'story.three', data: {} });

    expect(await events.atLeast(2)).toEqual(['story.two', 'story.three']);
  });

  test('with a number that does not exist yet are refused as ahead', async () => {
    const client = await hub.join('Hasty');
    const subscription = await client.subscribeToEvents([], { from: 1_000_000 });
    const reading = subscription[Symbol.asyncIterator]().next();
    await expect(reading).rejects.toMatchObject({ code: 'event/ahead' });
  });

  test('continue after a handler throws, which is reported as a warning', async () => {
    const client = await hub.join('Clumsy');
    const warnings = new Received<string>();
    const events = new Received<string>();
    client.on('warning', warning => warnings.add(warning.message));
    await client.subscribeToEvents(['clumsy.*'], {
      handler: event => {
        if (event.type === 'clumsy.one') throw new Error('dropped it');
        events.add(event.type);
      },
    });

    await client.publishEvent({ eventType: 'clumsy.one', data: {} });
    await client.publishEvent({ eventType: 'clumsy.two', data: {} });

    expect(await events.first()).toBe('clumsy.two');
    expect(warnings.items).toEqual([expect.stringContaining('dropped it')]);
  });
});

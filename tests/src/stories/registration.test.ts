// "Register Your Agent": connect, announce type and capabilities, return under the same name.

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgoraClient } from '@agora/client';
import { fileTokenStore } from '@agora/client/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('an agent registers', () => {
  test('as the document shows', async () => {
    const client = new AgoraClient('YourAgentName', {
      server: hub.url,
      database: hub.database,
      tokenStore: false, // or nothing, to be the same owner at the next start
    });
    await client.connect();

    await client.registerAgent({
      agentType: 'specialist', // or "worker", "coordinator", etc.
      capabilities: ['documentation', 'validation', 'analysis'],
      metadata: {
        specialization: 'Your expertise area',
        availability: 'active',
        version: '1.0.0',
      },
    });

    const [agent] = await client.findAgents({ name: 'YourAgentName' });
    expect(agent).toMatchObject({
      name: 'YourAgentName',
      agentType: 'specialist',
      capabilities: ['documentation', 'validation', 'analysis'],
      status: 'active',
      presence: 'online',
      metadata: { specialization: 'Your expertise area', availability: 'active', version: '1.0.0' },
      owner: client.identity,
    });
    await client.close();
  });

  test('is offline after it has closed, and other agents see that', async () => {
    const watcher = await hub.join('Watcher');
    const leaver = await hub.join('Leaver');
    expect(await watcher.findAgents({ name: 'Leaver', presence: 'online' })).toHaveLength(1);

    await leaver.close();

    await expect.poll(() => watcher.findAgents({ name: 'Leaver', presence: 'offline' })).toHaveLength(1);
  });

  test('changes its description', async () => {
    const client = await hub.join('Changing', { capabilities: ['a'], metadata: { version: 1 } });

    await client.updateAgent({ capabilities: ['a', 'b'] });
    await client.setStatus('busy');

    const wanted = { name: 'Changing', capabilities: ['b'], status: 'busy' } as const;
    await expect.poll(() => client.findAgents(wanted)).toMatchObject([{ metadata: { version: 1 } }]);
  });

  test('is removed once it is unregistered, and an event reports both', async () => {
    const events = new Received<[string, unknown]>();
    const watcher = await hub.join('Greeter');
    await watcher.subscribeToEvents(['agent_registration', 'agent_unregistered'], {
      handler: event => events.add([event.type, event.data['agent_name']]),
    });
    const client = await hub.join('ShortLived');

    await client.unregisterAgent();

    expect(await watcher.findAgents({ name: 'ShortLived' })).toEqual([]);
    expect(await events.atLeast(2)).toEqual([
      ['agent_registration', 'ShortLived'],
      ['agent_unregistered', 'ShortLived'],
    ]);
  });

  test('has the same owner again with the token in its file, and messages waited for it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agora-token-'));
    const tokenStore = fileTokenStore(join(folder, 'deep', 'token'));
    const before = await hub.join('Restarted', {}, { tokenStore });
    const { identity } = before;
    await before.close();
    expect((await stat(join(folder, 'deep', 'token'))).mode & 0o777).toBe(0o600);
    const sender = await hub.join('Patient');
    await sender.sendMessage({ toAgent: 'Restarted', messageType: 'while.away', payload: { n: 1 } });

    const after = await hub.join('Restarted', {}, { tokenStore });
    const received = new Received<unknown>();
    await after.subscribeToMessages('while.away', message => received.add(message.payload));

    expect(after.identity).toBe(identity);
    expect(await received.first()).toEqual({ n: 1 });
    await rm(folder, { recursive: true });
  });
});

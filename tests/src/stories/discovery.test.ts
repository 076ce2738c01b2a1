// "Discover Other Agents": by capability, type and presence.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
  await hub.join('DocSystemAgent', { agentType: 'specialist', capabilities: ['documentation', 'markdown'] });
  await hub.join('ReviewAgent', { agentType: 'specialist', capabilities: ['documentation', 'review'] });
  const busy = await hub.join('BusyAgent', { capabilities: ['documentation'] });
  await busy.setStatus('busy');
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('agents are found', () => {
  test('as the document shows', async () => {
    const client = await hub.join('Seeker');

    const agents = await client.queryCoordinationData({
      type: 'agents',
      filters: {
        capabilities: ['documentation'],
        status: 'active',
      },
    });

    expect(`Found ${agents.length} documentation agents`).toBe('Found 2 documentation agents');
    expect(agents.map(agent => agent.name)).toEqual(['DocSystemAgent', 'ReviewAgent']);
  });

  test('only with all the capabilities', async () => {
    const client = await hub.join('Seeker2');
    const found = await client.findAgents({ capabilities: ['documentation', 'review'] });
    expect(found.map(agent => agent.name)).toEqual(['ReviewAgent']);
    expect(await client.findAgents({ capabilities: ['documentation', 'cooking'] })).toEqual([]);
  });

  test('by type, name and presence, also by a client without an agent', async () => {
    const client = hub.client('Onlooker');
    await client.connect();
    expect(await client.findAgents({ agentType: 'specialist' })).toHaveLength(2);
    expect(await client.findAgents({ name: 'BusyAgent', presence: 'online' })).toHaveLength(1);
    expect(await client.findAgents({ name: 'BusyAgent', presence: 'offline' })).toEqual([]);
  });

  test('as soon as they are registered, without another call to the hub', async () => {
    const client = await hub.join('Seeker3');
    expect(await client.findAgents({ capabilities: ['late'] })).toEqual([]);

    await hub.join('Latecomer', { capabilities: ['late'] });

    await expect.poll(() => client.findAgents({ capabilities: ['late'] })).toHaveLength(1);
  });
});

describe('a loop over agents', () => {
  test('returns the current state immediately, and again after each change, until the loop ends', async () => {
    const client = await hub.join('Watcher');
    const watched = client.watchAgents({ capabilities: ['watched'] });
    const names = async () => ((await watched.next()).value ?? []).map(({ name }) => name);
    expect(await names()).toEqual([]);
    const first = await hub.join('Watched1', { capabilities: ['watched'] });
    await until(names, ['Watched1']);
    await first.unregisterAgent();
    await until(names, []);
    await watched.return();
    expect(await watched.next()).toEqual({ done: true, value: undefined });
  });

  test('returns only the newest state to a slow reader', async () => {
    const client = await hub.join('SlowWatcher');
    const watched = client.watchAgents({ capabilities: ['counted'] });
    await watched.next();
    for (let n = 0; n < 5; n++) await hub.join(`Counted${n}`, { capabilities: ['counted'] });
    await expect.poll(() => client.findAgents({ capabilities: ['counted'] })).toHaveLength(5);
    expect((await watched.next()).value).toHaveLength(5);
    await watched.return();
  });

  test('ends when its signal is aborted or the client is closed', async () => {
    const client = await hub.join('Leaver');
    const abort = new AbortController();
    const begun = [gate(), gate()];
    const ended = [{ signal: abort.signal }, {}].map(async (options, at) => {
      for await (const all of client.watchAgents({}, options)) if (all.length > 0) begun[at]?.open();
    });
    await Promise.all(begun.map(({ opened }) => opened));
    abort.abort();
    await ended[0];
    await client.close();
    await ended[1];
  });
});

/** Polls until the answer is right: other tests of this file register and unregister agents too. */
async function until(ask: () => Promise<unknown>, answer: unknown): Promise<void> {
  let last: unknown;
  for (let tries = 0; tries < 20; tries++) {
    last = await ask();
    if (JSON.stringify(last) === JSON.stringify(answer)) return;
  }
  expect(last).toEqual(answer);
}

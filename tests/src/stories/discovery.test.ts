// "Discover Other Agents": by what they can do, and how they are.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  it('as the document shows', async () => {
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

  it('only if they have all the capabilities', async () => {
    const client = await hub.join('Seeker2');
    const found = await client.findAgents({ capabilities: ['documentation', 'review'] });
    expect(found.map(agent => agent.name)).toEqual(['ReviewAgent']);
    expect(await client.findAgents({ capabilities: ['documentation', 'cooking'] })).toEqual([]);
  });

  it('by type, name and presence, without an agent of one’s own', async () => {
    const client = hub.client('Onlooker');
    await client.connect();
    expect(await client.findAgents({ agentType: 'specialist' })).toHaveLength(2);
    expect(await client.findAgents({ name: 'BusyAgent', presence: 'online' })).toHaveLength(1);
    expect(await client.findAgents({ name: 'BusyAgent', presence: 'offline' })).toEqual([]);
  });

  it('as soon as they are there, without asking the hub again', async () => {
    const client = await hub.join('Seeker3');
    expect(await client.findAgents({ capabilities: ['late'] })).toEqual([]);

    await hub.join('Latecomer', { capabilities: ['late'] });

    await expect.poll(() => client.findAgents({ capabilities: ['late'] })).toHaveLength(1);
  });
});

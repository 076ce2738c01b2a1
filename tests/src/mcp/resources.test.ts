// Resources of a coding agent, and the notifications of their changes.

import { startHub, type TestHub } from '@agora/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMcpAgent, type McpAgent } from './support/mcp-agent.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());

/** Follows resources in the way of the client's era; returns the addresses of those that have changed. */
async function follow({ client }: McpAgent, mode: 'auto' | 'legacy', uris: string[]): Promise<Set<string>> {
  const changed = new Set<string>();
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void changed.add(params.uri));
  if (mode === 'auto') await client.listen({ resourceSubscriptions: uris });
  else for (const uri of uris) await client.subscribeResource({ uri });
  return changed;
}

async function read({ client }: McpAgent, uri: string): Promise<string> {
  const { contents } = await client.readResource({ uri });
  const [first] = contents;
  return first && 'text' in first ? first.text : '';
}

describe.each(['auto', 'legacy'] as const)('in the %s era', mode => {
  test('the inbox, agents and a workflow can be read, and their changes are notified', async () => {
    const name = `Reader-${mode}`;
    await using agent = await startMcpAgent(name, { server: hub.url, mode });
    await agent.call('whoami');
    const worker = await hub.connect(`Worker-${mode}`);
    const workflow = await worker.startWorkflowCoordination({
      workflowType: 'release',
      participants: [name, `Worker-${mode}`],
      steps: [{ id: 'wait', action: 'wait', agent: `Worker-${mode}` }],
    });
    const uris = ['agora://inbox', 'agora://agents', `agora://workflow/${workflow.workflowId}`];
    const [inbox = '', agents = '', workflows = ''] = uris;
    const changed = await follow(agent, mode, [inbox, agents, workflows]);
    expect(JSON.parse(await read(agent, inbox))).toMatchObject({ counts: { open: 0 } });
    expect(await read(agent, agents)).toContain(name);
    expect(JSON.parse(await read(agent, workflows))).toMatchObject({ type: 'release', status: 'running' });
    changed.clear();

    await worker.sendMessage({ to: name, messageType: 'note', payload: {} });
    await hub.connect(`Newcomer-${mode}`);
    worker.onTask('wait', () => ({ ok: true }));
    await expect.poll(() => [...changed].sort()).toEqual([...uris].sort());
    expect(JSON.parse(await read(agent, inbox))).toMatchObject({ mail: [{ from: `Worker-${mode}` }] });
    await expect.poll(() => read(agent, workflows)).toContain('"status":"succeeded"');
  });

  test('nothing is notified without a subscription', async () => {
    await using agent = await startMcpAgent(`Silent-${mode}`, { server: hub.url, mode });
    await agent.call('whoami');
    const changed: string[] = [];
    agent.client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      changed.push(params.uri);
    });
    const sender = await hub.connect(`Talker-${mode}`);
    await sender.sendMessage({ to: `Silent-${mode}`, messageType: 'note', payload: {} });
    await expect.poll(async () => (await agent.call('check_inbox')).value['mail']).toHaveLength(1);
    expect(changed).toEqual([]);
  });
});

// An approval that outlives its initiator and the hub. A borrowed server cannot be stopped, so the second story always
// starts its own hub.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgoraClient, type AgoraClientOptions, type WorkflowDefinition } from '@agora/client';
import { fileTokenStore } from '@agora/client/node';
import { startHub } from '@agora/hub';
import { expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub } from '../support/hub.ts';

const soon = { timeoutMs: 10_000 };

const release: WorkflowDefinition = {
  workflowType: 'release',
  steps: [
    { agent: 'Builder', action: 'build' },
    { id: 'sign', action: 'sign_off', dependsOn: ['build'], approval: { by: 'Boss' } },
    { agent: 'Builder', action: 'ship', dependsOn: ['sign'] },
  ],
};

/** Builds and ships, and records its inputs. */
function build(builder: AgoraClient): Received<unknown> {
  const shipped = new Received<unknown>();
  builder.onTask('build', () => ({ version: 7 }));
  builder.onTask('ship', task => shipped.add(task.inputs));
  return shipped;
}

test('an approval waits while no agent is online', async () => {
  await using hub = await startTestHub();
  const tokens = new Map<string, string>();
  const kept = (name: string): AgoraClientOptions => ({
    tokenStore: { load: () => tokens.get(name), save: token => void tokens.set(name, token) },
  });
  await hub.join('Boss', {}, kept('Boss')).then(boss => boss.close());
  const builder = await hub.join('Builder');
  const shipped = build(builder);
  const lead = await hub.join('Lead', {}, kept('Lead'));
  const workflow = await lead.startWorkflowCoordination(release);
  for await (const event of workflow) if (event.type === 'step_approval_requested') break;
  expect(await workflow.whyWaiting()).toMatchObject([
    { step: 'sign', waitsFor: 'approval', whom: ['Boss'] },
    { step: 'ship', waitsFor: 'steps', whom: ['sign'] },
  ]);
  await lead.close();

  const boss = await hub.join('Boss', {}, kept('Boss'));
  const asked = new Received<unknown>();
  await boss.subscribeToMessages('approval_request', message => asked.add(message.payload));
  expect(await asked.first()).toMatchObject({
    approval: { workflow_id: workflow.workflowId, step: 'sign', inputs: { build: { version: 7 } } },
  });
  await boss.approveStep(workflow.workflowId, 'sign', 'well done');

  expect(await shipped.first()).toEqual({ sign: { approved: true, by: 'Boss', comment: 'well done' } });
  const again = await hub.join('Lead', {}, kept('Lead'));
  expect(await (await again.workflow(workflow.workflowId)).result(soon)).toMatchObject({ status: 'succeeded' });
});

test('an approval outlives a restart of the hub', { timeout: 30_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'agora-approval-'));
  const dataDir = join(folder, 'data');
  let hub = await startHub({ port: 0, hostname: '127.0.0.1', dataDir });
  const port = Number(new URL(hub.url).port);
  const connectAs = async (name: string) => {
    const client = new AgoraClient(name, {
      server: `http://127.0.0.1:${port}`,
      tokenStore: fileTokenStore(join(folder, `${name}.token`)),
    });
    await client.connect();
    await client.registerAgent({ agentType: 'worker' });
    return client;
  };
  const clients: AgoraClient[] = [];
  try {
    const [builder, boss, lead] = [
      await connectAs('Builder'),
      await connectAs('Boss'),
      await connectAs('Lead'),
    ] as const;
    clients.push(builder, boss, lead);
    const shipped = build(builder);
    const workflow = await lead.startWorkflowCoordination(release);
    for await (const event of workflow) if (event.type === 'step_approval_requested') break;
    // One client closes with the hub, the other two wait for it.
    await boss.close();
    const ended = workflow.result({ timeoutMs: 20_000 });
    await hub.close();
    hub = await startHub({ port, hostname: '127.0.0.1', dataDir });

    const bossAgain = await connectAs('Boss');
    clients.push(bossAgain);
    const { workflowId } = workflow;
    expect(await (await lead.workflow(workflowId)).steps()).toMatchObject([
      { name: 'build', state: 'succeeded', output: { version: 7 } },
      { name: 'sign', state: 'ready' },
      { name: 'ship', state: 'pending' },
    ]);
    await bossAgain.approveStep(workflowId, 'sign', 'still fine');

    expect(await shipped.first()).toEqual({ sign: { approved: true, by: 'Boss', comment: 'still fine' } });
    expect(await ended).toMatchObject({ status: 'succeeded', reason: '' });
    expect(workflow.status()).toMatchObject({ status: 'succeeded', total: 3, ended: 3 });
  } finally {
    await Promise.all(clients.map(client => client.close()));
    await hub.close();
    await rm(folder, { recursive: true });
  }
});

// Operators read and steer; other callers are refused. A closed hub admits only identities that an operator admitted.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HUB_DEFAULTS } from '@agora/module/contract';
import { AgoraError, ConnectionError, type AgoraClient, type Notice } from '@agora/client';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let boss: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  boss = await hub.join('Boss', {}, { token: hub.ownerToken });
});

afterAll(() => hub[Symbol.asyncDispose]());

async function codeOf(refused: Promise<unknown>): Promise<string> {
  const error: unknown = await refused.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof AgoraError ? error.code : String(error);
}

async function list<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of pages) all.push(each);
  return all;
}

describe('an operator', () => {
  test('sees the state of the hub, which other callers do not', async () => {
    const worker = await hub.join('Worker', { capabilities: ['sums'] });
    await boss.sendMessage({ toAgent: 'Worker', messageType: 'status_update', payload: { status: 'x' } });
    expect(await boss.operator.status()).toMatchObject({ agents: 2, messages: 1, dead: 0 });
    const names = (await list(boss.operator.mailboxes())).map(each => each.name);
    expect(names).toEqual(['Boss', 'Worker', '@sums']);
    expect(await codeOf(worker.operator.status())).toBe('operator/required');
    expect(await codeOf(worker.operator.setAdmission('closed'))).toBe('operator/required');
  });

  test('lists messages, groups, queues and settings of the whole hub', async () => {
    await using scene = await startTestHub();
    const [owner, ann] = [await scene.join('Owner', {}, { token: scene.ownerToken }), await scene.join('Ann')];
    await ann.joinGroup('#team');
    const { messageId } = await ann.sendMessage({ to: 'Owner', messageType: 'note.long', payload: 'sought' });
    const { operator } = owner;
    expect(await list(operator.messages({ text: 'sought' }))).toMatchObject([
      { id: messageId, from: 'Ann', to: 'Owner', type: 'note.long', deliveries: 1, state: 'offered' },
    ]);
    expect(await list(operator.messages({ kind: 'ask' }))).toEqual([]);
    expect(await operator.groups()).toEqual([{ name: '#team', members: 1 }]);
    expect(await operator.longestQueues()).toMatchObject([{ name: 'Owner', held: 1, waiting: 0, oldestAt: undefined }]);
    expect(await operator.settings()).toEqual(HUB_DEFAULTS);
    expect(await ann.messageAttempts(messageId)).toEqual([]);
  });

  test('sets limits, which refusals name, and each act publishes an event', async () => {
    const events = await boss.subscribeToEvents(['operator_act']);
    const sender = await hub.join('Chatty');
    const row = (await boss.findAgents()).find(each => each.name === 'Chatty');
    await boss.operator.setQuota(row?.id ?? 0, { rate: 1, burst: 2 });
    const say = () => sender.sendMessage({ toAgent: 'Worker', messageType: 'note', payload: {} });
    await say();
    await say();
    expect(await codeOf(say())).toBe('quota/rate');
    expect(await sender.agentUsage()).toMatchObject({ burst: 2 });
    for await (const event of events) {
      expect(event.data).toMatchObject({ action: 'set_quota' });
      break;
    }
  });

  test('lists and purges dead letters without a recipient; others see their own', async () => {
    const fleeting = await hub.join('Fleeting');
    const other = await hub.join('Other');
    const asker = await hub.join('Asker');
    const notices = new Received<Notice>();
    asker.on('notice', notices.add);
    const lost = await asker.sendMessage({ toAgent: 'Fleeting', messageType: 'note', payload: {} });
    await fleeting.unregisterAgent();
    expect(await notices.first()).toMatchObject({ kind: 'dead', about: lost.messageId });
    const [letter] = await list(boss.operator.deadLetters());
    expect(letter).toMatchObject({ messageId: lost.messageId, reason: 'its agent was unregistered' });
    expect(await list(other.operator.deadLetters())).toEqual([]);
    expect(await list(asker.operator.deadLetters())).toHaveLength(1);
    expect(await codeOf(boss.operator.redrive(letter?.no ?? 0n))).toBe('agent/unknown');
    await boss.operator.purge(letter?.no ?? 0n);
    expect(await list(boss.operator.deadLetters())).toEqual([]);
  });
});

describe('a closed hub', () => {
  test('admits identities that an operator admitted, refuses others with the reason, also those that were connected before', async () => {
    const before = await hub.join('Before');
    const member = await hub.join('Member');
    await boss.operator.admitIdentity(member.identity ?? '', 'one of us');
    await boss.operator.setAdmission('closed');
    try {
      await member.publishEvent({ eventType: 'still_here', data: {} });
      expect(await codeOf(before.publishEvent({ eventType: 'still_here', data: {} }))).toBe('hub/not-admitted');
      const stranger = hub.client('Stranger');
      const refused = await stranger.connect().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ConnectionError);
      expect(refused).toMatchObject({ code: 'connection/not-admitted' });
      expect((refused as ConnectionError).message).toContain('ask an operator');
    } finally {
      await boss.operator.setAdmission('open');
    }
  });
});

describe('a step that has to be approved', () => {
  test('is approved by the approver', async () => {
    const worker = await hub.join('Doer');
    const judge = await hub.join('Judge');
    worker.onTask('publish', () => 'published');
    await judge.subscribeToMessages('approval_request', async message => {
      const { approval } = message.payload as { approval: { workflow_id: string; step: string } };
      await judge.approveStep(approval.workflow_id, approval.step, 'fine');
    });
    const handle = await boss.startWorkflowCoordination({
      workflow_type: 'release',
      steps: [{ agent: 'Doer', action: 'publish', approval: { by: 'Judge' } }],
    });
    const { status, outputs } = await handle.result({ timeoutMs: 20_000 });
    expect(status).toBe('succeeded');
    expect(outputs).toEqual({ publish: 'published' });
    const again = await handle.fork('publish');
    expect((await again.result({ timeoutMs: 20_000 })).status).toBe('succeeded');
  });
});

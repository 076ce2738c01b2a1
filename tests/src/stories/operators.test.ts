// Operators see and steer; everybody else is refused. A closed hub lets in only whom they admitted.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgoraClient, AgoraError, ConnectionError } from '@agora/client';
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
  it('sees what the hub holds, and nobody else does', async () => {
    const worker = await hub.join('Worker', { capabilities: ['sums'] });
    await boss.sendMessage({ toAgent: 'Worker', messageType: 'status_update', payload: { status: 'x' } });
    expect(await boss.operator.status()).toMatchObject({ agents: 2, messages: 1, dead: 0 });
    const names = (await list(boss.operator.mailboxes())).map(each => each.name);
    expect(names).toEqual(['Boss', 'Worker', '@sums']);
    expect(await codeOf(worker.operator.status())).toBe('operator/required');
    expect(await codeOf(worker.operator.setAdmission('closed'))).toBe('operator/required');
  });

  it('sets limits, which are told where they are met, and each act leaves an event', async () => {
    const events = await boss.subscribeToEvents(['operator_act']);
    const sender = await hub.join('Chatty');
    const [row] = await boss
      .findAgents({ name: 'Chatty' } as never)
      .then(all => all.filter(each => each.name === 'Chatty'));
    await boss.operator.setQuota(Number(row?.id), { rate: 1, burst: 2 });
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

  it('brings dead letters back', async () => {
    const sloppy = await hub.join('Sloppy');
    const seen: number[] = [];
    let isWell = false;
    await sloppy.subscribeToMessages(message => {
      seen.push(message.attempt);
      if (!isWell) return message.fail('not today', { retry: false });
      return undefined;
    });
    const asked = await hub.join('Asker');
    const heard = new Promise<void>(resolve => asked.on('notice', () => resolve()));
    await sloppy.close();
    const gone = await asked.sendMessage({ toAgent: 'Sloppy', messageType: 'note', payload: {} });
    expect(gone.status).toBe('accepted');
    const again = await hub.join('Sloppy', {}, { token: sloppy.token });
    await again.unregisterAgent();
    await heard;
    isWell = true;
    const letters = await list(boss.operator.deadLetters());
    expect(letters.map(each => each.messageId)).toContain(gone.messageId);
    // Nobody is there to be sent to any more.
    const letter = letters.find(each => each.messageId === gone.messageId);
    expect(await codeOf(boss.operator.redrive(letter?.no ?? 0n))).toBe('agent/unknown');
    await boss.operator.purge(letter?.no ?? 0n);
    expect((await list(boss.operator.deadLetters())).map(each => each.messageId)).not.toContain(gone.messageId);
  });
});

describe('a closed hub', () => {
  it('lets in whom an operator admitted, tells others why not, and refuses those who were there before', async () => {
    const before = await hub.join('Before');
    const member = await hub.join('Member');
    await boss.operator.admitIdentity(member.identity ?? '', 'one of us');
    await boss.operator.setAdmission('closed');
    try {
      await member.publishEvent({ type: 'still_here', data: {} });
      expect(await codeOf(before.publishEvent({ type: 'still_here', data: {} }))).toBe('hub/not-admitted');
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
  it('is approved by the agent that is asked', async () => {
    const worker = await hub.join('Doer');
    const judge = await hub.join('Judge');
    worker.onTask('publish', () => 'published');
    await judge.subscribeToMessages<'approval_request'>(async message => {
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

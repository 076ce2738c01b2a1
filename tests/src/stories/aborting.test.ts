// Every call of a client can be aborted: its signal ends the wait with the reason of the signal.

import { createId, type AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;
let proxy: TcpProxy;
let client: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  proxy = await openTcpProxy(hub.url);
  client = await hub.join('Impatient', {}, { server: proxy.url });
  await client.findAgents();
  await client.takeMail();
  proxy.freeze();
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

const message = { to: 'Impatient', messageType: 'n', payload: 0 };
const id = createId();

/** Every call that waits for the hub, which does not reply. */
const CALLS: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
  registerAgent: signal => client.registerAgent({ agentType: 'worker' }, { signal }),
  updateAgent: signal => client.updateAgent({ capabilities: [] }, { signal }),
  setStatus: signal => client.setStatus('busy', { signal }),
  sendMessage: signal => client.sendMessage({ ...message, signal }),
  'sendMessage with an answer': signal => client.sendMessage({ ...message, timeout: 30, signal }),
  ask: signal => client.ask({ ...message, timeout: 30, signal }),
  broadcast: signal => client.broadcast({ messageType: 'n', payload: 0, signal }),
  forward: signal => client.forward(id, 'Impatient', { signal }),
  cancel: signal => client.cancel(id, '', { signal }),
  publishEvent: signal => client.publishEvent({ eventType: 'n', data: {}, signal }),
  messageStatus: signal => client.messageStatus(id, { signal }),
  messageAttempts: signal => client.messageAttempts(id, { signal }),
  broadcastStatus: signal => client.broadcastStatus(id, { signal }),
  sentMessages: signal => client.sentMessages({ signal })[Symbol.asyncIterator]().next(),
  receivedMessages: signal => client.receivedMessages({ signal })[Symbol.asyncIterator]().next(),
  readReference: signal => client.readReference(id, id, { signal }),
  agentUsage: signal => client.agentUsage({ signal }),
  joinGroup: signal => client.joinGroup('#g', { signal }),
  leaveGroup: signal => client.leaveGroup('#g', { signal }),
  groups: signal => client.groups({ signal }),
  groupMembers: signal => client.groupMembers('#g', { signal }),
  goIdle: signal => client.goIdle({ signal }),
  waitForMail: signal => client.waitForMail({ signal }),
  startWorkflowCoordination: signal =>
    client.startWorkflowCoordination({ workflow_type: 'w', steps: [{ agent: 'Impatient', action: 'a' }] }, { signal }),
  listWorkflows: signal => client.listWorkflows({ signal })[Symbol.asyncIterator]().next(),
  workflow: signal => client.workflow(id, { signal }),
  approveStep: signal => client.approveStep(id, 's', '', { signal }),
  rejectStep: signal => client.rejectStep(id, 's', '', { signal }),
};

describe('a call that the hub does not answer', () => {
  test.each(Object.entries(CALLS))('%s ends with the reason of its signal', async (_, call) => {
    const controller = new AbortController();
    const waiting = call(controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(waiting).rejects.toThrow('enough');
    // Also with a signal that was aborted before.
    await expect((async () => call(AbortSignal.abort(new Error('before'))))()).rejects.toThrow('before');
  });
});

describe('connecting', () => {
  test('is ended by its signal, also between two tries, and may be repeated', async () => {
    await using silent = await openTcpProxy(hub.url);
    const late = hub.client('Late', { server: silent.url });
    silent.cut();
    const controller = new AbortController();
    const connecting = late.connect({ signal: controller.signal, retryForMs: 60_000 });
    await expect.poll(() => late.state).toBe('connecting');
    controller.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    expect(late.state).toBe('idle');
    silent.restore();
    await late.connect();
    expect(late.state).toBe('connected');
  });

  test('is retried until the configured time is over', async () => {
    await using down = await openTcpProxy(hub.url);
    down.cut();
    const client = hub.client('Early', { server: down.url, reconnect: { firstMs: 5, maxMs: 20 } });
    await expect(client.connect()).rejects.toMatchObject({ code: 'connection/refused' });
    await expect(client.connect({ retryForMs: 50 })).rejects.toMatchObject({ code: 'connection/refused' });
    const connecting = client.connect({ retryForMs: 20_000 });
    down.restore();
    await connecting;
  });
});

test('a client and its subscriptions are closed at the end of an `await using` block', async () => {
  let left: AgoraClient | undefined;
  {
    await using agent = await hub.join('Scoped');
    await using messages = await agent.subscribeToMessages('n', () => undefined);
    await using events = await agent.subscribeToEvents();
    expect([messages, events]).toHaveLength(2);
    left = agent;
  }
  expect(left.state).toBe('closed');
});

// Nothing has to be waited for: whatever a client is asked for, a signal ends the waiting with its own reason.

import { createId, type AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openWire, type Wire } from '../support/wire.ts';

let hub: TestHub;
let wire: Wire;
let client: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  wire = await openWire(hub.url);
  client = await hub.join('Impatient', {}, { server: wire.url });
  await client.findAgents();
  await client.takeMail();
  wire.freeze();
});
afterAll(async () => {
  await wire[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

const message = { to: 'Impatient', messageType: 'n', payload: 0 };
const id = createId();

/** Everything that waits for the hub, which is silent. */
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
  workflow: signal => client.workflow(id, { signal }),
  approveStep: signal => client.approveStep(id, 's', '', { signal }),
  rejectStep: signal => client.rejectStep(id, 's', '', { signal }),
};

describe('a call that the hub does not answer', () => {
  it.each(Object.entries(CALLS))('%s ends with the reason of its signal', async (_, call) => {
    const controller = new AbortController();
    const waiting = call(controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(waiting).rejects.toThrow('enough');
    // Also with one that was aborted before.
    await expect((async () => call(AbortSignal.abort(new Error('before'))))()).rejects.toThrow('before');
  });
});

describe('connecting', () => {
  it('ends with its signal, also between two tries, and may be begun again', async () => {
    await using silent = await openWire(hub.url);
    const late = hub.client('Late', { server: silent.url });
    silent.cut();
    const controller = new AbortController();
    const connecting = late.connect({ signal: controller.signal, retryForMs: 60_000 });
    await expect.poll(() => late.state).toBe('connecting');
    controller.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    expect(late.state).toBe('idle');
    silent.mend();
    await late.connect();
    expect(late.state).toBe('connected');
  });

  it('goes on trying as long as it is told to', async () => {
    await using down = await openWire(hub.url);
    down.cut();
    const client = hub.client('Early', { server: down.url, reconnect: { firstMs: 5, maxMs: 20 } });
    await expect(client.connect()).rejects.toMatchObject({ code: 'connection/refused' });
    await expect(client.connect({ retryForMs: 50 })).rejects.toMatchObject({ code: 'connection/refused' });
    const connecting = client.connect({ retryForMs: 20_000 });
    down.mend();
    await connecting;
  });
});

it('a client and what it watches are let go of at the end of a block', async () => {
  let left: AgoraClient | undefined;
  {
    await using agent = await hub.join('Scoped');
    await using messages = await agent.subscribeToMessages<'n'>(() => undefined);
    await using events = await agent.subscribeToEvents();
    expect([messages, events]).toHaveLength(2);
    left = agent;
  }
  expect(left.state).toBe('closed');
});

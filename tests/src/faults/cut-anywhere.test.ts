// One exchange of all operations of an agent, over a connection that is cut at each message in turn, in both
// directions: either after the message arrived or before. Wherever it is cut, the exchange has the same result, every
// handler finishes once, and no message is lost or duplicated: the client repeats a call without a reply under the same
// id, delivery and attempt, and the hub treats the repetition as a no-op.

import type { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openMessageProxy, type Cut, type MessageProxy } from '../support/message-proxy.ts';

/** More than the number of messages of the exchange. */
const MAX_MESSAGES = 200;

let hub: TestHub;
let proxy: MessageProxy;
let peer: Peer;

beforeAll(async () => {
  hub = await startTestHub();
  proxy = await openMessageProxy(hub.url);
  peer = await Peer.join();
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

/** The other agent, over a separate connection that is never cut. */
class Peer {
  readonly client: AgoraClient;
  received = new Received<unknown>();
  events = new Received<unknown>();
  tasks = new Received<unknown>();

  private constructor(client: AgoraClient) {
    this.client = client;
  }

  static async join(): Promise<Peer> {
    const made = new Peer(await hub.join('Peer'));
    await made.client.subscribeToMessages('say', async (message, context) => {
      if (message.wantsAnswer) await context.progress('thinking');
      made.received.add(message.payload);
      return `received ${String(message.payload)}`;
    });
    made.client.onTask('double', ({ requirements }) => {
      made.tasks.add(requirements['of']);
      return Number(requirements['of']) * 2;
    });
    await made.client.subscribeToEvents(['exchange.*'], { handler: event => made.events.add(event.data['n']) });
    return made;
  }
}

/** Performs all operations of the agent in order; returns their results. */
async function exchange(name: string): Promise<unknown> {
  const received = new Received<unknown>();
  const events = new Received<unknown>();
  const tasks = new Received<unknown>();
  const progress: unknown[] = [];
  const peerProgress: unknown[] = [];
  peer.received = new Received();
  peer.events = new Received();
  peer.tasks = new Received();
  const say = { messageType: 'say', to: 'Peer' };
  await using agent = hub.client(name, { server: proxy.url, reconnect: { firstMs: 2, maxMs: 10 } });
  await agent.connect({ retryForMs: 10_000 });
  agent.onTask('sum', ({ requirements }) => {
    tasks.add(requirements['of']);
    return 42;
  });
  await agent.subscribeToMessages('say', {
    handler: async (message, context) => {
      if (message.wantsAnswer) await context.progress('working');
      received.add(message.payload);
      return `done ${String(message.payload)}`;
    },
  });
  await agent.registerAgent({ agentType: 'worker', capabilities: [`of-${name}`] });
  await agent.subscribeToEvents(['exchange.*'], { handler: event => events.add(event.data['n']) });
  await agent.joinGroup(`#${name}`);

  const sent = await agent.sendMessage({ ...say, payload: 'a note' });
  const answer = await agent.sendMessage({
    ...say,
    payload: 'a question',
    timeout: 10,
    onProgress: ({ data }) => progress.push(data),
  });
  await agent.broadcast({ messageType: 'say', payload: 'to everyone' });
  await agent.publishEvent({ eventType: 'exchange.tick', data: { n: 1 } });
  await agent.batch([
    { do: 'send', ...say, payload: 'in a batch' },
    { do: 'publish', eventType: 'exchange.tick', data: { n: 2 } },
  ]);
  await using own = await agent.startWorkflowCoordination({
    workflow_type: 'own',
    steps: [{ agent: 'Peer', action: 'double', requirements: { of: 21 }, approval: { by: name } }],
  });
  await own.pause();
  await own.resume();
  await agent.approveStep(own.workflowId, 'double', 'go on');
  const doubled = await own.result({ timeoutMs: 10_000 });
  const later = await agent.sendMessage({ ...say, payload: 'never', delayMs: 3_600_000 });
  await agent.cancel(later.messageId, 'changed my mind');
  const [status] = await agent.messageStatus(sent.messageId);

  const note = await peer.client.sendMessage({ to: name, messageType: 'say', payload: 'for you' });
  await received.atLeast(1);
  const doing = await peer.client.sendMessage({
    to: name,
    messageType: 'say',
    payload: 'your turn',
    timeout: 10,
    onProgress: ({ data }) => peerProgress.push(data),
  });
  await peer.client.sendMessage({ to: `@of-${name}`, messageType: 'say', payload: 'any worker' });
  const announced = await peer.client.broadcast({ messageType: 'say', payload: 'to all' });
  await received.atLeast(4);
  const workflow = await peer.client.startWorkflowCoordination({
    workflow_type: 'cut',
    steps: [{ agent: name, action: 'sum', requirements: { of: name } }],
  });
  const result = await workflow.result({ timeoutMs: 10_000 });
  await peer.client.publishEvent({ eventType: 'exchange.tick', data: { n: 3 } });
  await events.atLeast(3);
  const members = await agent.groupMembers(`#${name}`);
  await expect.poll(async () => (await peer.client.messageStatus(note.messageId))[0]?.state).toBe('done');
  await expect.poll(async () => (await peer.client.broadcastStatus(announced.messageId)).handled).toContain(name);
  await agent.setStatus('away');
  const [row] = await peer.client.findAgents({ name });
  await agent.leaveGroup(`#${name}`);
  await agent.unregisterAgent();

  return {
    answer: answer.data,
    progress: progress.length <= 1,
    peerProgress,
    received: [...received.items].sort(),
    events: events.items,
    tasks: tasks.items.length,
    output: result.outputs,
    doubled: doubled.outputs,
    peerTasks: peer.tasks.items,
    peerReceived: [...(await peer.received.atLeast(4))].sort(),
    peerEvents: await peer.events.atLeast(3),
    state: status?.state,
    doing: doing.data,
    members: members.length,
    status: row?.status,
  };
}

const RESULT = {
  answer: 'received a question',
  // Signals are kept while their question is open: one sent and answered while the asker was disconnected is not shown.
  progress: true,
  peerProgress: ['working'],
  received: ['any worker', 'for you', 'to all', 'your turn'],
  events: [1, 2, 3],
  tasks: 1,
  output: { sum: 42 },
  doubled: { double: 42 },
  peerTasks: [21],
  peerReceived: ['a note', 'a question', 'in a batch', 'to everyone'],
  peerEvents: [1, 2, 3],
  state: 'done',
  doing: 'done your turn',
  members: 1,
  status: 'away',
};

test.each<Cut>(['after', 'instead'])(
  'an exchange has the same result wherever it is cut (%s the message)',
  { timeout: 120_000 },
  async cut => {
    let at = 1;
    for (; at <= MAX_MESSAGES; at++) {
      proxy.cutAt(at, cut);
      const result = await exchange(`Cut-${cut}-${at}`).catch((error: unknown) => error);
      expect(result, `cut ${cut} message ${at}`).toEqual(RESULT);
      if (proxy.passed < at) break;
    }
    // The exchange was cut at each message, and the last run was not cut.
    expect(at).toBeGreaterThan(60);
    expect(at).toBeLessThan(MAX_MESSAGES);
  },
);

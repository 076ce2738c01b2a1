// The loop of an agent: handlers by kind, until it is stopped; and agents that work in turns.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ConnectionError, PermanentError, type AgoraClient, type Priority } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

const PROGRAM = fileURLToPath(new URL('../support/serving-process.ts', import.meta.url));

let hub: TestHub;
let boss: AgoraClient;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  hub = await startTestHub();
  boss = await hub.join('Boss');
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await hub[Symbol.asyncDispose]();
});

const stateOf = async (message: { readonly messageId: string }) =>
  (await boss.messageStatus(message.messageId)).map(({ agent, state }) => `${agent} ${state}`);

describe('an agent that serves', () => {
  test('handles messages, steps and events by their kind, and returns a summary', async () => {
    const agent = await hub.join('Server');
    const controller = new AbortController();
    const received = new Received<string>();
    const serving = agent.serve({
      signal: controller.signal,
      messages: {
        review_request: ({ payload }) => `reviewed ${payload.subject}`,
        bad: () => Promise.reject(new PermanentError('no good')),
      },
      tasks: { add: ({ requirements }) => Number(requirements['a']) + 1, '*': ({ action }) => `any ${action}` },
      otherwise: message => received.add(`otherwise ${message.type}`),
      events: { 'build.*': event => received.add(`event ${event.type}`) },
    });
    const ask = (messageType: string, payload = {}) =>
      boss.sendMessage({ to: 'Server', messageType, payload, timeout: 10 });
    expect(await ask('review_request', { subject: 'it' })).toMatchObject({ data: 'reviewed it' });
    expect(await ask('bad')).toMatchObject({ status: 'error', error: 'no good' });
    await ask('unheard.of');
    const workflow = await boss.startWorkflowCoordination({
      workflow_type: 'w',
      steps: [
        { agent: 'Server', action: 'add', requirements: { a: 1 } },
        { agent: 'Server', action: 'other' },
      ],
    });
    expect((await workflow.result({ timeoutMs: 10_000 })).outputs).toEqual({ add: 2, other: 'any other' });
    await boss.publishEvent({ eventType: 'build.failed', data: {} });
    expect([...(await received.atLeast(2))].sort()).toEqual(['event build.failed', 'otherwise unheard.of']);

    controller.abort();

    expect(await serving).toEqual({ reason: 'aborted', handled: 4, failed: 1, interrupted: 0 });
    expect(agent.state).toBe('closed');
  });

  test('runs no more handlers in parallel than configured, the highest priority first', async () => {
    const agent = await hub.join('Narrow');
    const begun = gate();
    const hold = gate();
    const order = new Received<unknown>();
    const serving = agent.serve({
      concurrency: 1,
      idleMs: 50,
      messages: {
        work: async ({ payload }) => {
          order.add(payload);
          begun.open();
          await hold.opened;
        },
      },
    });
    const send = (payload: string, priority: Priority) =>
      boss.sendMessage({ to: 'Narrow', messageType: 'work', payload, priority });
    await send('first', 2);
    await begun.opened;
    await send('low', 1);
    await send('high', 3);
    await send('critical', 4);
    await boss.sendMessage({ to: 'Narrow', messageType: 'work', payload: 'normal' });
    // The answer arrives after all that was shown before it.
    await agent.sendMessage({ to: 'Boss', messageType: 'n', payload: 0 });
    expect(order.items).toEqual(['first']);
    hold.open();

    // When idle, and with no unseen mail at the hub, it ends by itself.
    expect(await serving).toMatchObject({ reason: 'idle', handled: 5 });
    expect(order.items).toEqual(['first', 'critical', 'high', 'normal', 'low']);
  });

  test('returns deliveries that do not end in time, and reports them', async () => {
    const agent = await hub.join('Stuck', { capabilities: ['stuck'] });
    const controller = new AbortController();
    const signals = new Received<AbortSignal>();
    const serving = agent.serve({
      signal: controller.signal,
      drainMs: 20,
      messages: {
        job: (_message, { signal }) => {
          signals.add(signal);
          return new Promise(() => undefined);
        },
      },
    });
    const message = await boss.sendMessage({ to: '@stuck', messageType: 'job', payload: 1 });
    const signal = await signals.first();
    controller.abort();
    expect(await serving).toMatchObject({ handled: 0, interrupted: 1 });
    expect(signal.reason).toMatchObject({ code: 'client/closed' });
    const other = await hub.join('Unstuck', { capabilities: ['stuck'] });
    const received = new Received<unknown>();
    await other.subscribeToMessages('job', ({ payload }, { attempt }) => received.add([payload, attempt]));
    expect(await received.first()).toEqual([1, 2]);
    await expect.poll(() => stateOf(message)).toEqual(['Unstuck done']);
  });

  test('can serve again after it has left', async () => {
    const again = hub.client('Returning', { token: hub.ownerToken });
    for (let life = 0; life < 2; life++) {
      const agent = life === 0 ? again : hub.client('Returning', { token: hub.ownerToken });
      await agent.connect();
      await agent.registerAgent({ agentType: 'worker', capabilities: ['returning'] });
      const controller = new AbortController();
      const serving = agent.serve({ signal: controller.signal, messages: { job: () => life } });
      expect(await boss.sendMessage({ to: '@returning', messageType: 'job', payload: 0, timeout: 10 })).toMatchObject({
        data: life,
      });
      controller.abort();
      await serving;
      expect(await boss.findAgents({ name: 'Returning', status: 'draining' })).toHaveLength(1);
    }
  });

  test('keeps broadcasts that it has not begun for its next start', async () => {
    const token = hub.ownerToken;
    const first = await hub.join('Interrupted', {}, { token });
    const controller = new AbortController();
    const begun = gate();
    const hold = gate();
    const serving = first.serve({
      concurrency: 1,
      signal: controller.signal,
      messages: {
        news: async () => {
          begun.open();
          await hold.opened;
        },
      },
    });
    await boss.broadcast({ messageType: 'news', payload: 1 });
    await begun.opened;
    await boss.broadcast({ messageType: 'news', payload: 2 });
    await boss.sendMessage({ to: 'Interrupted', messageType: 'news', payload: 3 });
    await first.sendMessage({ to: 'Boss', messageType: 'n', payload: 0 });
    controller.abort();
    hold.open();
    expect(await serving).toMatchObject({ handled: 1, interrupted: 0 });

    const received = new Received<unknown>();
    const second = await hub.join('Interrupted', {}, { token });
    await second.subscribeToMessages('news', ({ payload }) => received.add(payload));
    expect([...(await received.atLeast(2))].sort()).toEqual([2, 3]);
  });

  test('ends when its connection is lost permanently', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const agent = await hub.join('Cut', {}, { server: proxy.url, giveUpAfterMs: 50 });
    const serving = agent.serve({ messages: { job: () => undefined } });
    proxy.cut();
    await expect(serving).rejects.toBeInstanceOf(ConnectionError);
  });

  test('finishes running handlers when its process is signalled, begins no others, and returns the rest', async () => {
    const child = spawn(process.execPath, [PROGRAM, hub.url, hub.database, 'Signalled'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.add(child);
    const lines = new Received<string>();
    createInterface(child.stdout).on('line', lines.add);
    await lines.first();
    const jobs = [];
    for (const payload of ['one', 'two', 'three']) {
      jobs.push(await boss.sendMessage({ to: '@work', messageType: 'job', payload }));
    }
    const [first, ...rest] = jobs;
    await expect.poll(() => lines.items).toEqual(['ready', 'begun one']);
    await expect.poll(() => Promise.all(rest.map(stateOf))).toEqual([['Signalled offered'], ['Signalled offered']]);
    const received = new Received<unknown>();
    const other = await hub.join('Other', { capabilities: ['work'] });
    await other.subscribeToMessages('job', ({ payload }) => received.add(payload));

    child.kill('SIGTERM');
    const exited = once(child, 'close');
    expect([...(await received.atLeast(2))].sort()).toEqual(['three', 'two']);
    child.stdin.write('\n');

    expect(await exited).toEqual([0, null]);
    expect(lines.items).toEqual(['ready', 'begun one', 'ended one', 'SIGTERM 1 0 0']);
    expect(first && (await stateOf(first))).toEqual(['Signalled done']);
    await expect.poll(() => Promise.all(rest.map(stateOf))).toEqual([['Other done'], ['Other done']]);
    expect(await boss.findAgents({ name: 'Signalled' })).toMatchObject([{ presence: 'offline', status: 'draining' }]);
  });
});

describe('an agent that works in turns', () => {
  test('receives the mail of each turn, and is idle in between', async () => {
    const agent = await hub.join('Turner');
    const controller = new AbortController();
    const turns: unknown[][] = [];
    const between = new Received<number>();
    const working = (async () => {
      for await (const mail of agent.turns({ signal: controller.signal, limit: 2 })) {
        turns.push(mail.map(({ payload }) => payload));
        for (const message of mail) await message.ack();
        between.add(turns.length);
      }
    })();
    await boss.batch([
      { do: 'send', to: 'Turner', messageType: 'n', payload: 1 },
      { do: 'send', to: 'Turner', messageType: 'n', payload: 2 },
      { do: 'send', to: 'Turner', messageType: 'n', payload: 3, priority: 3 },
    ]);
    await between.atLeast(2);
    await boss.sendMessage({ to: 'Turner', messageType: 'n', payload: 4 });
    await between.atLeast(3);
    controller.abort();
    await working;
    expect(turns).toEqual([[3, 1], [2], [4]]);
  });

  test('stays idle while its connection is lost, and is woken by mail that arrived in between', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const agent = await hub.join(
      'Sleeper',
      {},
      { server: proxy.url, offlineTimeoutMs: 20, reconnect: { firstMs: 5, maxMs: 20 } },
    );
    const states = new Received<string>();
    agent.on('connection', ({ state }) => states.add(state));
    const woken = new Received<unknown>();
    const working = (async () => {
      for await (const [message] of agent.turns()) {
        woken.add(message?.payload);
        await message?.ack();
      }
    })();
    await boss.sendMessage({ to: 'Sleeper', messageType: 'n', payload: 'before' });
    await woken.atLeast(1);
    proxy.cut();
    await states.atLeast(1);
    await boss.sendMessage({ to: 'Sleeper', messageType: 'n', payload: 'meanwhile' });
    proxy.restore();
    expect(await woken.atLeast(2)).toEqual(['before', 'meanwhile']);
    await agent.close();
    await working;
  });
});

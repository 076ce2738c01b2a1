// "Broadcast Messages": to all agents but the sender, also those that are offline.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a broadcast', () => {
  test('reaches all other agents as the document shows', async () => {
    const client = await hub.join('YourAgentName');
    const received = new Received<string>();
    const own = new Received<unknown>();
    await client.subscribeToMessages(own.add);
    for (const name of ['One', 'Two', 'Three']) {
      const agent = await hub.join(name);
      await agent.subscribeToMessages(message => {
        expect(message).toMatchObject({ broadcast: true, priority: 1, from: 'YourAgentName', to: ['*'] });
        if (message.is('capability_announcement')) {
          received.add(`${name}: ${message.payload.new_capabilities?.join()}`);
        }
      });
    }

    await client.sendMessage({
      toAgent: '*', // Broadcast
      messageType: 'capability_announcement',
      payload: {
        agent_name: 'YourAgentName',
        new_capabilities: ['react_components', 'typescript'],
        available_for: ['collaboration', 'review', 'mentoring'],
      },
      priority: 1,
    });

    expect([...(await received.atLeast(3))].sort()).toEqual([
      'One: react_components,typescript',
      'Three: react_components,typescript',
      'Two: react_components,typescript',
    ]);
    expect(own.items).toEqual([]);
  });

  test('waits for an offline agent, and is not received twice after a restart', async () => {
    const client = await hub.join('Crier');
    const before = await hub.join('Sleeper');
    const { token } = before;
    await before.subscribeToMessages('news', () => undefined);
    await client.broadcast({ messageType: 'news', payload: 1 });
    await before.close();
    await client.broadcast({ messageType: 'news', payload: 2 });
    await client.broadcast({ messageType: 'news', payload: 3 });

    const after = await hub.join('Sleeper', {}, { token });
    const received = new Received<unknown>();
    await after.subscribeToMessages('news', message => received.add(message.payload));
    await received.atLeast(2);
    await client.broadcast({ messageType: 'news', payload: 4 });

    // The first may be unacknowledged when the agent closes; the others arrive once, in order.
    expect((await received.atLeast(3)).filter(n => n !== 1)).toEqual([2, 3, 4]);
  });

  test('is not received by agents that register later', async () => {
    const client = await hub.join('EarlyCrier');
    await client.broadcast({ messageType: 'news', payload: 'too early' });
    const late = await hub.join('LateComer');
    const received = new Received<unknown>();
    await late.subscribeToMessages('news', message => received.add(message.payload));

    await client.broadcast({ messageType: 'news', payload: 'in time' });

    expect(await received.first()).toBe('in time');
  });

  test('arrives once and in order, three hundred of them, whatever their length', async () => {
    const client = await hub.join('Chatterbox');
    const received = new Received<unknown>();
    const listener = await hub.join('Listener');
    await listener.subscribeToMessages('chatter', {
      concurrency: 1,
      handler: ({ payload }) => received.add(payload),
    });
    const long = 'x'.repeat(6_000);
    const numbers = Array.from({ length: 300 }, (_, n) => n);

    await Promise.all(
      numbers.map(n => client.broadcast({ messageType: 'chatter', payload: n % 50 === 0 ? [n, long] : [n] })),
    );

    const payloads = await received.atLeast(300);
    expect(payloads.map(payload => (Array.isArray(payload) ? (payload as unknown[])[0] : undefined))).toEqual(numbers);
  });

  test('that one agent fails is retried for that agent only, dead after five attempts or a final failure, and handled by the others', async () => {
    await using place = await startTestHub();
    const crier = await place.join('Unlucky');
    const attempts = new Received<number>();
    const fine = new Received<unknown>();
    const failing = await place.join('Stumbling');
    const refusing = await place.join('Refusing');
    const handling = await place.join('Handling');
    const messageTypes = ['alarm'] as const;
    await failing.subscribeToMessages({
      filters: { messageTypes },
      handler: (_message, { attempt }) => {
        attempts.add(attempt);
        throw new Error('not ready');
      },
    });
    await refusing.subscribeToMessages({
      filters: { messageTypes },
      handler: (_message, context) => context.fail('never', { retry: false }),
    });
    await handling.subscribeToMessages({ filters: { messageTypes }, handler: ({ payload }) => fine.add(payload) });

    const { messageId } = await crier.broadcast({ messageType: 'alarm', payload: 1 });

    expect(await attempts.atLeast(5)).toEqual([1, 2, 3, 4, 5]);
    expect(await fine.first()).toBe(1);
    await expect
      .poll(async () => (await crier.broadcastStatus(messageId)).failed.toSorted())
      .toEqual(['Refusing', 'Stumbling']);
    expect((await crier.broadcastStatus(messageId)).handled).toContain('Handling');
    const dead = (await place.rows('dead_letter')).filter(row => JSON.stringify(row).includes(messageId));
    expect(dead).toHaveLength(2);
  });

  test('waits by priority for an offline agent, and an expired one is skipped', async () => {
    const crier = await hub.join('Ranker');
    const before = await hub.join('Dozing');
    const { token } = before;
    await before.close();
    await crier.broadcast({ messageType: 'ranked', payload: 'over', ttlMs: 1 });
    for (const priority of [1, 3, 2, 4, 3] as const)
      await crier.broadcast({ messageType: 'ranked', payload: priority, priority });
    await expect.poll(async () => JSON.stringify(await hub.rows('broadcast_log')).includes('over')).toBe(false);

    const after = await hub.join('Dozing', {}, { token });
    const received = new Received<unknown>();
    await after.subscribeToMessages({
      filters: { messageTypes: ['ranked'] },
      handler: ({ payload }) => received.add(payload),
    });

    expect(await received.atLeast(5)).toEqual([4, 3, 3, 2, 1]);
  });
});

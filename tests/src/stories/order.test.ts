// Order and priority of messages, for every size of payload: a separate call reads one over 4 KiB.

import type { Priority } from '@agora/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

const LONG = 'x'.repeat(5_000);
const payloadOf = (name: string) => ({ name, text: name.startsWith('big') ? LONG : '' });
const nameOf = (payload: unknown) => (payload as { name: string }).name;
const MIXED = ['small 1', 'big 2', 'small 3', 'big 4', 'big 5', 'small 6'];

async function sent(to: string, from: string, names: readonly string[], priority: Priority = 2): Promise<void> {
  const sender = await hub.join(from);
  for (const name of names) await sender.sendMessage({ to, messageType: 'n', payload: payloadOf(name), priority });
}

test('messages of one sender come to a handler in their order', async () => {
  const received = new Received<string>();
  const worker = await hub.join('Ordered');
  await sent('Ordered', 'OrderedSender', MIXED);
  await worker.subscribeToMessages({
    filters: { messageTypes: ['n'] },
    concurrency: 1,
    handler: ({ payload }) => received.add(nameOf(payload)),
  });
  await sent('Ordered', 'OrderedSender2', MIXED);
  expect(await received.atLeast(12)).toEqual([...MIXED, ...MIXED]);
});

test('a turn takes messages in their order', async () => {
  const worker = await hub.join('InTurns');
  await sent('InTurns', 'TurnSender', MIXED);
  const names: string[] = [];
  while (names.length < MIXED.length) {
    for (const { payload, ack } of await worker.takeMail()) {
      names.push(nameOf(payload));
      await ack();
    }
  }
  expect(names).toEqual(MIXED);
});

test('a critical message with a long payload comes before short ones of a lower priority', async () => {
  const first = await hub.join('Away');
  const token = first.token ?? '';
  await first.close();
  await sent('Away', 'LowSender', ['small low', 'big low', 'small low 2'], 1);
  await sent('Away', 'CriticalSender', ['big critical', 'small critical'], 4);
  const received = new Received<string>();
  const again = hub.client('Away', { token });
  await again.connect();
  await again.subscribeToMessages({
    filters: { messageTypes: ['n'] },
    concurrency: 1,
    handler: ({ payload }) => received.add(nameOf(payload)),
  });
  await again.resumeAgent();
  expect(await received.atLeast(5)).toEqual(['big critical', 'small critical', 'small low', 'big low', 'small low 2']);
});

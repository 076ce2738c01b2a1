// Provenance: references that the hub has verified, and the history of sent messages.

import type { IncomingMessage } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a message on behalf of another', () => {
  test('shows its recipient the chain, which it can read; a reference of a stranger is refused', async () => {
    const [user, agent, expert] = await Promise.all(['User', 'Agent', 'Expert'].map(name => hub.join(name)));
    if (!user || !agent || !expert) return expect.unreachable();
    const received = new Received<IncomingMessage>();
    await agent.subscribeToMessages('order', message => {
      return agent.sendMessage({ to: 'Expert', messageType: 'job', payload: 'part', onBehalfOf: message });
    });
    await expert.subscribeToMessages('job', received.add);
    const long = 'x'.repeat(5_000);

    const { messageId } = await user.sendMessage({ to: 'Agent', messageType: 'order', payload: long });

    const job = await received.first();
    expect(job.onBehalfOf).toMatchObject([{ id: messageId, from: 'User', type: 'order' }]);
    expect(job.onBehalfOf[0]?.sentAt).toBeInstanceOf(Date);
    expect(await expert.readReference(job, messageId)).toMatchObject({ from: 'User', payload: long });
    await expect(
      expert.readReference(
        job,
        job.id.replace(/.$/, last => (last === '0' ? '1' : '0')),
      ),
    ).rejects.toMatchObject({
      code: 'message/bad-reference',
    });
    const lie = expert.sendMessage({ to: 'User', messageType: 'job', payload: 1, onBehalfOf: messageId });
    await expect(lie).rejects.toMatchObject({ code: 'message/bad-reference' });
  });
});

describe('a forwarded message', () => {
  test('has the content and the sender of the original', async () => {
    const [writer, middle, reader] = await Promise.all(['Writer', 'Middle', 'Reader'].map(name => hub.join(name)));
    if (!writer || !middle || !reader) return expect.unreachable();
    const received = new Received<IncomingMessage>();
    await middle.subscribeToMessages('memo', message => middle.forward(message, 'Reader', { priority: 3 }));
    await reader.subscribeToMessages('memo', received.add);

    const { messageId } = await writer.sendMessage({ to: 'Middle', messageType: 'memo', payload: { text: 'hi' } });

    const memo = await received.first();
    expect(memo).toMatchObject({ type: 'memo', payload: { text: 'hi' }, from: 'Middle', priority: 3 });
    expect(memo.forwarded).toMatchObject([{ id: messageId, from: 'Writer' }]);
  });
});

describe('a sent message', () => {
  test('is kept for its sender and for its recipient, newest first, page by page', async () => {
    const sender = await hub.join('Archivist');
    const reader = await hub.join('Clerk');
    const incoming = new Received<unknown>();
    await reader.subscribeToMessages('n', ({ payload }) => incoming.add(payload));
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    await Promise.all(numbers.map(payload => sender.sendMessage({ to: 'Clerk', messageType: 'n', payload })));
    await incoming.atLeast(300);
    // The answer arrives after the acknowledgements before it.
    await reader.sendMessage({ to: 'Archivist', messageType: 'n', payload: 'all read' });

    const sent: unknown[] = [];
    for await (const { payload, state } of sender.sentMessages()) sent.push([payload, state]);
    expect(sent).toEqual(numbers.toReversed().map(n => [n, undefined]));
    const received: unknown[] = [];
    for await (const { payload, state } of reader.receivedMessages()) received.push([payload, state]);
    expect(received).toEqual(numbers.toReversed().map(n => [n, 'done']));
    expect(await sender.agentUsage()).toMatchObject({ unfinished: 0, rate: expect.any(Number) as number });
  });
});

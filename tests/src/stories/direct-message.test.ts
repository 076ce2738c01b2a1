// "Send Messages to Specific Agents": delivered once, to the recipient only.

import type { IncomingMessage } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a direct message', () => {
  test('arrives as the document shows', async () => {
    const docs = await hub.join('DocSystemAgent', { capabilities: ['documentation'] });
    const other = await hub.join('OtherAgent');
    const client = await hub.join('YourAgentName');
    const received = new Received<IncomingMessage>();
    const overheard = new Received<IncomingMessage>();
    await docs.subscribeToMessages(received.add);
    await other.subscribeToMessages(overheard.add);

    const accepted = await client.sendMessage({
      toAgent: 'DocSystemAgent',
      messageType: 'documentation_request',
      payload: {
        action: 'create_documentation',
        document_type: 'component',
        title: 'Modal Dialog Component',
        description: 'Reusable modal with customizable actions',
        requirements: {
          include_examples: true,
          add_api_reference: true,
        },
      },
      priority: 2, // 1=low, 2=normal, 3=high, 4=urgent
    });

    expect(accepted).toEqual({ messageId: expect.any(String) as string, status: 'accepted' });
    const message = await received.first();
    expect(message).toMatchObject({
      id: accepted.messageId,
      type: 'documentation_request',
      from: 'YourAgentName',
      sourceAgent: 'YourAgentName',
      source_agent: 'YourAgentName',
      to: ['DocSystemAgent'],
      priority: 2,
      attempt: 1,
      broadcast: false,
      wantsAnswer: false,
      payload: { title: 'Modal Dialog Component', requirements: { add_api_reference: true } },
    });
    expect(Math.abs(message.sentAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(overheard.items).toEqual([]);
  });

  test('carries headers and its subject', async () => {
    const received = new Received<IncomingMessage>();
    const reader = await hub.join('HeaderReader');
    await reader.subscribeToMessages('note', received.add);
    const client = await hub.join('HeaderWriter');
    const first = await client.sendMessage({ to: 'HeaderReader', messageType: 'note', payload: null });

    const inReplyTo = first.messageId;
    await client.sendMessage({
      to: 'HeaderReader',
      messageType: 'note',
      payload: [1],
      headers: { trace: 'x' },
      inReplyTo,
    });

    const [, second] = await received.atLeast(2);
    expect(second).toMatchObject({ headers: { trace: 'x' }, inReplyTo, payload: [1] });
  });

  test('is sent to several recipients in one call', async () => {
    const incoming = new Received<string>();
    for (const name of ['First', 'Second']) {
      const agent = await hub.join(name);
      await agent.subscribeToMessages('note', () => incoming.add(name));
    }
    const client = await hub.join('ToSeveral');

    await client.sendMessage({ toAgent: ['First', 'Second'], messageType: 'note', payload: {} });

    expect([...(await incoming.atLeast(2))].sort()).toEqual(['First', 'Second']);
  });

  test('is sent once, however often the call is repeated under one id', async () => {
    const incoming = new Received<unknown>();
    const reader = await hub.join('OnceReader');
    await reader.subscribeToMessages('note', message => incoming.add(message.payload));
    const client = await hub.join('OnceWriter');
    const { createId } = await import('@agora/client');
    const note = { toAgent: 'OnceReader', messageType: 'note', payload: 'once', id: createId() };

    await Promise.all([client.sendMessage(note), client.sendMessage(note)]);
    await client.sendMessage(note);
    await client.sendMessage({ toAgent: 'OnceReader', messageType: 'note', payload: 'after' });

    expect(await incoming.atLeast(2)).toEqual(['once', 'after']);
  });

  test('may be long: a payload that the inbox does not show is fetched', async () => {
    const payload = { text: 'ä'.repeat(20_000) };
    const received = new Received<unknown>();
    const reader = await hub.join('LongReader');
    await reader.subscribeToMessages('note', message => {
      received.add(message.payload);
      return payload;
    });
    const client = await hub.join('LongWriter');

    const answer = await client.sendMessage({ toAgent: 'LongReader', messageType: 'note', payload, timeout: 10 });

    expect(await received.first()).toEqual(payload);
    expect(answer).toMatchObject({ status: 'success', data: payload });
  });

  test('arrives in the order of sending, a thousand of them, each once', async () => {
    const received = new Received<unknown>();
    const reader = await hub.join('OrderReader');
    await reader.subscribeToMessages('count', { handler: message => received.add(message.payload), concurrency: 1 });
    const client = await hub.join('OrderWriter');
    const numbers = Array.from({ length: 1_000 }, (_, n) => n);

    await Promise.all(
      numbers.map(n => client.sendMessage({ toAgent: 'OrderReader', messageType: 'count', payload: n })),
    );

    expect(await received.atLeast(1_000)).toEqual(numbers);
  });

  test('is retried when its handler throws, and the next attempt has its number', async () => {
    const attempts = new Received<number>();
    const reader = await hub.join('Stumbler');
    await reader.subscribeToMessages('note', (_message, { attempt }) => {
      attempts.add(attempt);
      if (attempt === 1) throw new Error('not today');
    });
    const client = await hub.join('StumblerFriend');

    await client.sendMessage({ toAgent: 'Stumbler', messageType: 'note', payload: {} });

    expect(await attempts.atLeast(2)).toEqual([1, 2]);
  });
});

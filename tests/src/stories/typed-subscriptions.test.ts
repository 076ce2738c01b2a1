// A subscription that names types gets only these, at run time as for the compiler.

import type { AgoraClient, IncomingMessage } from '@agora/client';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a subscription by types', () => {
  test('gets only these; a message of another type stays visible and unanswered', async () => {
    const greeter = await hub.join('Greeter');
    const friend = await hub.join('Friend');
    const types = new Received<string>();
    await greeter.subscribeToMessages('greeting', ({ type, from }) => {
      types.add(type);
      return { text: `Hello, ${from}!` };
    });
    const order = await friend.sendMessage({ to: 'Greeter', messageType: 'order', payload: {} });
    const greeting = { to: 'Greeter', messageType: 'greeting', payload: {}, timeout: 10 } as const;
    expect(await friend.sendMessage(greeting)).toMatchObject({ data: { text: 'Hello, Friend!' } });
    expect(types.items).toEqual(['greeting']);
    expect((await greeter.peekInbox()).messages).toMatchObject([{ type: 'order', state: 'offered' }]);
    expect(await friend.messageStatus(order.messageId)).toMatchObject([{ state: 'offered' }]);

    const orders = await greeter.subscribeToMessages(['order']);
    for await (const message of orders) {
      expectTypeOf(message.type).toEqualTypeOf<'order'>();
      await message.ack();
      break;
    }
    await expect.poll(() => friend.messageStatus(order.messageId)).toMatchObject([{ state: 'done' }]);
  });

  test('takes the other filters and options as its last argument', async () => {
    const clerk = await hub.join('Clerk');
    const sender = await hub.join('Sender');
    const received = new Received<unknown>();
    const filters = { priority: [4] } as const;
    await clerk.subscribeToMessages('note', ({ payload }) => received.add(payload), { filters, concurrency: 1 });
    await sender.sendMessage({ to: 'Clerk', messageType: 'note', payload: 'low', priority: 1 });
    await sender.sendMessage({ to: 'Clerk', messageType: 'note', payload: 'critical', priority: 4 });
    expect(await received.first()).toBe('critical');
    expect(received.items).toEqual(['critical']);
  });

  test('that gives its types twice is refused', async () => {
    const client = await hub.join('Twice');
    const filters: object = { messageTypes: ['b'] };
    await expect(client.subscribeToMessages('a', { filters })).rejects.toMatchObject({ code: 'client/bad-option' });
  });
});

test('a handler of every type may compare any type, and narrows the payload with `is`', () => {
  const _handler = (client: AgoraClient) =>
    client.subscribeToMessages(message => {
      if (message.type === 'order') return 'ordered';
      if (message.is('review_request')) expectTypeOf(message.payload.file_path).toEqualTypeOf<string | undefined>();
      expectTypeOf(message).toEqualTypeOf<IncomingMessage>();
      return undefined;
    });
  // @ts-expect-error -- a type argument without the type would promise what no filter holds
  const _unsound = (client: AgoraClient) => client.subscribeToMessages<'greeting'>(() => undefined);
  void [_handler, _unsound];
});

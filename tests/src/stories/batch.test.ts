// Batches: acts that succeed or fail together.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a batch', () => {
  test('answers, sends and publishes in one transaction', async () => {
    const worker = await hub.join('Worker');
    const asker = await hub.join('Asker');
    const received = new Received<unknown>();
    await asker.subscribeToMessages('told', ({ payload }) => received.add(payload));
    await worker.subscribeToMessages('q', async message => {
      const ids = await worker.batch([
        { do: 'respond', message, data: 'answer' },
        { do: 'send', toAgent: 'Asker', messageType: 'told', payload: 'and more' },
        { do: 'publish', eventType: 'answered', data: {} },
      ]);
      expect(ids).toHaveLength(2);
      return 'this comes too late';
    });

    const answer = await asker.sendMessage({ toAgent: 'Worker', messageType: 'q', payload: {}, timeout: 5 });

    expect(answer).toMatchObject({ status: 'success', data: 'answer' });
    expect(await received.first()).toBe('and more');
  });

  test('is refused as a whole, names the refused acts, and changes no row', async () => {
    const client = await hub.join('Bundler');
    const before = (await hub.rows('message')).length;

    const batch = client.batch([
      { do: 'send', toAgent: 'Bundler', messageType: 'ok', payload: 1 },
      { do: 'send', toAgent: 'Nobody', messageType: 'ok', payload: 2 },
      { do: 'publish', eventType: 'agent_registration', data: {} },
    ]);

    await expect(batch).rejects.toMatchObject({
      code: 'call/refused',
      refusals: [
        { act: 1, code: 'message/unknown-recipient' },
        { act: 2, code: 'event/reserved-type' },
      ],
    });
    expect(await hub.rows('message')).toHaveLength(before);
  });

  test('mixes all kinds of acts: to a group, delayed, forwarded, cancelled, answered', async () => {
    const [worker, asker, friend] = await Promise.all(['Mixer', 'MixAsker', 'MixFriend'].map(name => hub.join(name)));
    if (!worker || !asker || !friend) return expect.unreachable();
    await friend.joinGroup('#mixed');
    const received = new Received<unknown>();
    await friend.subscribeToMessages(['told', 'q'], ({ type, payload }) => received.add([type, payload]));
    const { messageId } = await worker.sendMessage({ to: 'MixAsker', messageType: 'x', payload: 1, delayMs: 60_000 });
    await worker.subscribeToMessages('q', async message => {
      await worker.batch([
        { do: 'forward', message, to: 'MixFriend' },
        { do: 'send', to: '#mixed', messageType: 'told', payload: 'later', delayMs: 100 },
        { do: 'cancel', messageId },
        { do: 'respond', message, data: 'all of it' },
      ]);
    });

    const answer = await asker.sendMessage({ to: 'Mixer', messageType: 'q', payload: 'q', timeout: 5 });

    expect(answer).toMatchObject({ status: 'success', data: 'all of it' });
    expect(await received.atLeast(2)).toEqual([
      ['q', 'q'],
      ['told', 'later'],
    ]);
    expect(await worker.messageStatus(messageId)).toMatchObject([{ state: 'cancelled' }]);
  });
});

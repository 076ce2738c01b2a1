// Acts that stand or fall together.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Heard } from '../support/heard.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a batch', () => {
  it('answers, sends and publishes in one transaction', async () => {
    const worker = await hub.join('Worker');
    const asker = await hub.join('Asker');
    const told = new Heard<unknown>();
    await asker.subscribeToMessages<'told'>(({ payload }) => told.add(payload));
    await worker.subscribeToMessages<'q'>(async message => {
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
    expect(await told.first()).toBe('and more');
  });

  it('is refused whole, names what was refused, and leaves nothing', async () => {
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
});

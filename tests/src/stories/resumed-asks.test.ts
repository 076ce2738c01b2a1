// Asks that are continued by a restarted process, or repeated under their id.

import { createId } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const ask = { messageType: 'build', payload: {}, timeoutMs: 60_000 };

describe('an ask', () => {
  test('that was answered while its process was away is answered to the next one, also a second time', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const builder = await hub.join('Builder');
    await builder.subscribeToMessages('build', async (_, { progress }) => {
      await progress('half');
      await released;
      return 'built';
    });
    const before = await hub.join('Asker');
    const { token } = before;
    const pending = before.ask({ ...ask, to: 'Builder' });
    const { messageId } = pending;
    for await (const { data } of pending) {
      expect(data).toBe('half');
      break;
    }
    pending.catch(() => undefined);
    await before.close();

    const after = await hub.join('Asker', {}, { token });
    expect(await after.askState(messageId)).toMatchObject({ state: 'open', signals: 1 });
    const resumed = after.resumeAsk<string>(messageId, { lastSignal: 1 });
    release();
    expect(await resumed).toMatchObject({ status: 'success', data: 'built', from: 'Builder' });
    expect(await after.askState(messageId)).toMatchObject({ state: 'answered' });
    expect(await after.resumeAsk(messageId)).toMatchObject({ status: 'success', data: 'built' });
    await expect(builder.askState(messageId)).rejects.toMatchObject({ code: 'ask/unknown' });
    await expect(after.resumeAsk(createId())).rejects.toMatchObject({ code: 'ask/unknown' });
  });

  test('that is repeated under its id is handled once and gets the same answer', async () => {
    let handled = 0;
    const counter = await hub.join('Counter');
    await counter.subscribeToMessages('build', () => ++handled);
    const asker = await hub.join('Repeater');
    const id = createId();
    const first = await asker.ask({ ...ask, to: 'Counter', id });
    expect(await asker.ask({ ...ask, to: 'Counter', id })).toEqual(first);
    expect(handled).toBe(1);
  });

  test('reports how many of its signals were lost', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const talker = await hub.join('Talker');
    await talker.subscribeToMessages('build', async (_, { progress }) => {
      for (let n = 1; n <= 200; n++) await progress(n);
      await released;
      return 'done';
    });
    const before = await hub.join('Listener');
    const { token } = before;
    const pending = before.ask({ ...ask, to: 'Talker' });
    pending.catch(() => undefined);
    const { messageId } = pending;
    await expect.poll(() => before.askState(messageId), { timeout: 20_000 }).toMatchObject({ signals: 200 });
    await before.close();
    const after = await hub.join('Listener', {}, { token });
    const seen: number[] = [];
    const resumed = after.resumeAsk(messageId, { onProgress: ({ seq }) => seen.push(seq) });
    await expect.poll(() => seen.at(-1)).toBe(200);
    release();
    await resumed;
    expect(seen).toHaveLength(64);
    expect(resumed.missedSignals).toBe(136);
  });
});

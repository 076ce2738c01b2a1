// Cancelling a message: a waiting delivery is never offered, and a holder is notified.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

/** A worker whose handlers run until their signal is aborted. */
async function aWorker(name: string) {
  const begun = new Received<string>();
  const reasons = new Received<unknown>();
  const worker = await hub.join(name);
  await worker.subscribeToMessages('job', ({ id }, { signal }) => {
    begun.add(id);
    return new Promise(resolve => {
      signal.addEventListener('abort', () => {
        reasons.add(signal.reason);
        resolve('too late');
      });
    });
  });
  return { begun, reasons };
}

describe('a cancelled message', () => {
  test('aborts its handler with the reason, and the wait of the asker ends', async () => {
    const { begun, reasons } = await aWorker('Busy');
    const boss = await hub.join('Boss');
    const asking = boss.ask({ to: 'Busy', messageType: 'job', payload: {}, timeout: 30 });
    await begun.first();

    await asking.cancel('changed my mind');

    await expect(asking).rejects.toMatchObject({ code: 'delivery/cancelled' });
    expect(await reasons.first()).toMatchObject({
      code: 'delivery/cancelled',
      message: expect.stringContaining('changed my mind') as string,
    });
    expect(await boss.messageStatus(asking.messageId)).toMatchObject([{ state: 'cancelled' }]);
  });

  test('is cancelled by the signal of the asker', async () => {
    const { begun, reasons } = await aWorker('AlsoBusy');
    const boss = await hub.join('Impatient');
    const controller = new AbortController();
    const { signal } = controller;
    const asking = boss.sendMessage({ to: 'AlsoBusy', messageType: 'job', payload: {}, timeout: 30, signal });
    await begun.first();

    controller.abort(new Error('enough'));

    await expect(asking).rejects.toThrow('enough');
    expect(await reasons.first()).toMatchObject({ code: 'delivery/cancelled' });
  });

  test('is never offered if it was waiting; only its sender may cancel it', async () => {
    const received = new Received<unknown>();
    const reader = await hub.join('Reader');
    await reader.subscribeToMessages('note', ({ payload }) => received.add(payload));
    const sender = await hub.join('Hesitant');
    const note = { to: 'Reader', messageType: 'note' };
    const { messageId } = await sender.sendMessage({ ...note, payload: 'never', delayMs: 60_000 });
    await expect(reader.cancel(messageId)).rejects.toMatchObject({ code: 'message/unknown' });

    await sender.cancel(messageId);

    expect(await sender.messageStatus(messageId)).toMatchObject([{ state: 'cancelled' }]);
    await sender.sendMessage({ ...note, payload: 'this' });
    expect(await received.first()).toBe('this');
    const { messageId: broadcast } = await sender.broadcast({ messageType: 'note', payload: 'all' });
    await expect(sender.cancel(broadcast)).rejects.toMatchObject({ code: 'message/cannot-cancel' });
  });
});

// A handler that asks back: the reply continues the same question.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a question back', () => {
  test('is a kind of answer, and the reply continues the same question', async () => {
    const worker = await hub.join('Printer');
    const continued = new Received<unknown>();
    await worker.subscribeToMessages('print', async (message, context) => {
      if (message.continues === undefined) {
        await context.progress('looking');
        await context.requireInput({ ask: 'which colour?' });
        return undefined;
      }
      continued.add(message.continues);
      await context.progress('printing');
      return `printed in ${String(message.payload)}`;
    });
    const asker = await hub.join('Author');
    const signals: unknown[] = [];
    const onProgress = ({ data }: { readonly data: unknown }) => signals.push(data);

    const first = await asker.sendMessage({ to: 'Printer', messageType: 'print', payload: 1, timeout: 10, onProgress });

    if (first.status !== 'input_required') return expect.unreachable(first.status);
    expect(first).toMatchObject({ from: 'Printer', question: { ask: 'which colour?' } });
    expect(await first.reply('red', { timeoutMs: 5_000 })).toMatchObject({
      status: 'success',
      data: 'printed in red',
      messageId: first.messageId,
    });
    expect(await continued.first()).toBe(first.messageId);
    expect(signals).toEqual(['looking', 'printing']);
    await expect(first.reply('blue')).rejects.toMatchObject({ code: 'ask/no-question' });
  });

  test('is refused when no caller waits for an answer', async () => {
    const received = new Received<unknown>();
    const worker = await hub.join('Lonely');
    await worker.subscribeToMessages('note', async (_message, context) => {
      received.add(await context.requireInput('hello?').catch((error: unknown) => error));
    });
    const sender = await hub.join('Silent');
    await sender.sendMessage({ to: 'Lonely', messageType: 'note', payload: 1 });
    expect(await received.first()).toMatchObject({ code: 'delivery/no-asker' });
  });
});

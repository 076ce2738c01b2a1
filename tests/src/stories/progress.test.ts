// Progress of a question: signals in order, each once, also when the asker lost its connection in between.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('progress', () => {
  test('arrives in order and before the answer, in a loop or at a handler', async () => {
    const worker = await hub.join('Worker');
    await worker.subscribeToMessages('job', (_message, context) => {
      for (let n = 1; n <= 5; n++) void context.progress({ n });
      return 'done';
    });
    const asker = await hub.join('Curious');
    const job = { to: 'Worker', messageType: 'job', payload: {}, timeout: 10 };

    const seen: unknown[] = [];
    const asking = asker.ask(job);
    for await (const { seq, data } of asking) seen.push([seq, data]);
    expect(seen).toEqual([1, 2, 3, 4, 5].map(n => [n, { n }]));
    expect(await asking).toMatchObject({ status: 'success', data: 'done', messageId: asking.messageId });

    const received: number[] = [];
    await asker.sendMessage({ ...job, onProgress: ({ seq }) => received.push(seq) });
    expect(received).toEqual([1, 2, 3, 4, 5]);
  });

  test('and the answer can be sent by functions that a handler destructures from its context', async () => {
    const worker = await hub.join('Apart');
    await worker.subscribeToMessages('job', async (_message, { progress, respond, signal }) => {
      await progress(signal.aborted);
      await respond('done');
    });
    const asker = await hub.join('ApartAsker');
    const received: unknown[] = [];
    const onProgress = ({ data }: { readonly data: unknown }) => received.push(data);
    const asking = asker.sendMessage({ to: 'Apart', messageType: 'job', payload: {}, timeout: 10, onProgress });
    expect(await asking).toMatchObject({ status: 'success', data: 'done' });
    expect(received).toEqual([false]);
  });

  test('continues without a gap over the next connection', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const [cut, finish] = [gate(), gate()];
    const worker = await hub.join('Steady');
    await worker.subscribeToMessages('job', async (_message, context) => {
      for (let n = 1; n <= 3; n++) await context.progress(n);
      await cut.opened;
      for (let n = 4; n <= 9; n++) await context.progress(n);
      finish.open();
      await closing.opened;
      return 'done';
    });
    const closing = gate();
    const asker = await hub.join('CutOff', {}, { server: proxy.url });
    const received = new Received<unknown>();
    const onProgress = ({ data }: { readonly data: unknown }) => received.add(data);
    const asking = asker.ask({ to: 'Steady', messageType: 'job', payload: {}, timeout: 20, onProgress });
    await received.atLeast(3);

    proxy.cut();
    cut.open();
    await finish.opened;
    proxy.restore();

    expect(await received.atLeast(9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    closing.open();
    expect(await asking).toMatchObject({ status: 'success', data: 'done' });
    expect(received.items).toHaveLength(9);
  });

  test('is a no-op when no caller asked, and is refused when it is too long', async () => {
    const received = new Received<unknown>();
    const worker = await hub.join('Unasked');
    await worker.subscribeToMessages('job', async (_message, context) => {
      await context.progress('half');
      received.add(await context.progress('x'.repeat(20_000)).catch((error: unknown) => error));
    });
    const sender = await hub.join('Indifferent');
    await sender.sendMessage({ to: 'Unasked', messageType: 'job', payload: {} });
    expect(await received.first()).toMatchObject({ code: 'delivery/bad-signal' });
  });
});

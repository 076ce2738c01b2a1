// Live data are loops: bounded, ended by a signal or by leaving the loop, which ends the subscription.

import type { AgoraEvent } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

describe('a loop', () => {
  test('over the connection returns each of its states, from the current one to its end', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const client = hub.client('Watched', { server: proxy.url });
    const states = client.watch('connection');
    await client.connect();
    proxy.cut();
    proxy.restore();

    const seen: string[] = [];
    for await (const { state } of states) {
      seen.push(state);
      if (state === 'connected' && seen.includes('reconnecting')) await client.close();
    }
    expect(seen).toEqual(['idle', 'connecting', 'connected', 'reconnecting', 'connected', 'closed']);
  });

  test('over notices returns late answers, until its signal is aborted', async () => {
    const client = await hub.join('Noticing');
    const controller = new AbortController();
    await using notices = client.watch('notice', { signal: controller.signal });
    const late = await hub.join('Late');
    const lateOne = client.ask({ to: 'Late', messageType: 'job', payload: 1, timeoutMs: 50 });
    await expect(lateOne).rejects.toMatchObject({ code: 'message/no-answer' });
    await late.subscribeToMessages('job', () => 'too late');

    for await (const notice of notices) {
      expect(notice).toMatchObject({ kind: 'answer', about: lateOne.messageId });
      controller.abort();
    }
  });

  test('over messages, events and tasks ends with its signal, which closes the subscription', async () => {
    const client = await hub.join('Reader');
    const controller = new AbortController();
    const { signal } = controller;
    const messages = await client.subscribeToMessages('note', { signal });
    const events = await client.subscribeToEvents('note.*', { signal });
    client.onTask('never', () => undefined, { signal });
    await client.sendMessage({ to: 'Reader', messageType: 'note', payload: 1 });
    await client.publishEvent({ eventType: 'note.one', data: {} });

    const [first] = await Promise.all([messages[Symbol.asyncIterator]().next(), take(events, 1)]);
    expect(first).toMatchObject({ done: false, value: { payload: 1 } });
    const waiting = messages[Symbol.asyncIterator]().next();
    controller.abort();

    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await take(events, 1).catch((error: unknown) => error)).toMatchObject({ code: 'client/bad-option' });
    await expect(client.subscribeToMessages({ signal })).rejects.toThrow('aborted');
    await expect(client.subscribeToEvents('note.*', { signal })).rejects.toThrow('aborted');
    expect(() => client.watch('warning', { signal })).toThrow('aborted');
  });

  test('over the events of a workflow throws the reason of its signal', async () => {
    await hub.join('Sleeper');
    const client = await hub.join('Steering');
    const steps = [{ agent: 'Sleeper', action: 'sleep' }];
    const workflow = await client.startWorkflowCoordination({ workflowType: 'long', steps });
    const controller = new AbortController();
    const types: string[] = [];
    const reading = (async () => {
      for await (const { type } of workflow.events({ signal: controller.signal })) {
        types.push(type);
        if (type === 'step_ready') controller.abort();
      }
    })();
    await expect(reading).rejects.toThrow('aborted');
    expect(types).toEqual(['workflow_started', 'step_ready']);
  });

  test('over progress that is left buffers no later signal', async () => {
    const worker = await hub.join('Worker');
    await worker.subscribeToMessages('job', (_message, context) => {
      for (let n = 1; n <= 3; n++) void context.progress(n);
      return 'done';
    });
    const client = await hub.join('Impatient');
    const asking = client.ask({ to: 'Worker', messageType: 'job', payload: 1, timeout: 10 });
    for await (const { data } of asking) {
      expect(data).toBe(1);
      break;
    }
    expect(await asking).toMatchObject({ data: 'done' });
  });
});

async function take(events: AsyncIterable<AgoraEvent>, count: number): Promise<AgoraEvent[]> {
  const taken: AgoraEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

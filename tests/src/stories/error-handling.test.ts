// "Error Handling": an answer, an error of the agent, a timeout, a lost connection.

import { ConnectionError, createId, TimeoutError, type AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
  const docs = await hub.join('DocSystemAgent');
  await docs.subscribeToMessages('documentation_request', async (message, context) => {
    if (message.payload.title === 'impossible') await context.respondError('no such component');
    else if (message.payload.title === 'silence')
      await new Promise(resolve => context.signal.addEventListener('abort', resolve));
    else await context.respond({ file_path: 'docs/modal.md' });
  });
});

afterAll(() => hub[Symbol.asyncDispose]());

/** The document's block, printing to `printed`. */
async function request(client: AgoraClient, requestData: { title: string }, timeout: number): Promise<string> {
  let printed = '';
  const print = (text: string) => (printed += text);
  try {
    const response = await client.sendMessage({
      toAgent: 'DocSystemAgent',
      messageType: 'documentation_request',
      payload: requestData,
      timeout, // Wait up to so many seconds for response
    });

    if (response.status === 'success') {
      print(`Documentation will be created: ${(response.data as { file_path: string }).file_path}`);
    } else {
      print(`Request failed: ${response.error}`);
    }
  } catch (error) {
    if (error instanceof TimeoutError) print('Agent did not respond within timeout period');
    else if (error instanceof ConnectionError) print('SpacetimeDB connection lost');
    else throw error;
  }
  return printed;
}

describe('a request', () => {
  test('is answered', async () => {
    const client = await hub.join('Answered');
    expect(await request(client, { title: 'Modal' }, 30)).toBe('Documentation will be created: docs/modal.md');
  });

  test('is answered with an error', async () => {
    const client = await hub.join('Refused');
    expect(await request(client, { title: 'impossible' }, 30)).toBe('Request failed: no such component');
  });

  test('is not answered in time', async () => {
    const client = await hub.join('Unanswered');
    expect(await request(client, { title: 'silence' }, 0.3)).toBe('Agent did not respond within timeout period');
  });

  test('waits while the connection is lost, and reports it when the connection is not restored', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const client = await hub.join('CutOff', {}, { server: proxy.url, offlineTimeoutMs: 300 });
    const waiting = request(client, { title: 'silence' }, 30);
    await client.sendMessage({ toAgent: 'DocSystemAgent', messageType: 'status_update', payload: {} });

    proxy.cut();

    expect(await waiting).toBe('SpacetimeDB connection lost');
    expect(client.state).toBe('reconnecting');
    expect(await request(client, { title: 'Modal' }, 30)).toBe('SpacetimeDB connection lost');
  });

  test('is answered over the next connection when the first is lost in between', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const asked = gate();
    const answer = gate();
    const slow = await hub.join('SlowAgent');
    await slow.subscribeToMessages('q', async () => {
      asked.open();
      await answer.opened;
      return 42;
    });
    const client = await hub.join('Persistent', {}, { server: proxy.url });
    const asking = client.sendMessage({ toAgent: 'SlowAgent', messageType: 'q', payload: {}, timeout: 20 });
    await asked.opened;

    proxy.cut();
    answer.open();
    proxy.restore();

    expect(await asking).toMatchObject({ status: 'success', data: 42 });
  });

  test('waits until its signal is aborted at the latest', async () => {
    const client = await hub.join('Aborting');
    const controller = new AbortController();
    const payload = { title: 'silence' };
    const asking = client.sendMessage({
      toAgent: 'DocSystemAgent',
      messageType: 'documentation_request',
      payload,
      timeout: 30,
      signal: controller.signal,
    });
    controller.abort(new Error('never mind'));
    await expect(asking).rejects.toThrow('never mind');
  });

  test('that became a dead letter is reported to the asker before the timeout', async () => {
    const short = await hub.join('GoingAway');
    const client = await hub.join('Bereft');
    const asking = client.sendMessage({ toAgent: 'GoingAway', messageType: 'q', payload: {}, timeout: 20 });
    await client.sendMessage({ toAgent: 'GoingAway', messageType: 'q', payload: {} });
    await short.unregisterAgent();
    expect(await asking).toMatchObject({ status: 'error', error: expect.stringContaining('given up') as string });
  });
});

describe('a lost connection', () => {
  test('is restored: no message sent in between is lost or duplicated, and events continue without a gap', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const states = new Received<string>();
    const client = await hub.join('Resuming', {}, { server: proxy.url });
    const peer = await hub.join('Peer');
    client.on('connection', ({ state }) => states.add(state));
    const messages = new Received<unknown>();
    const back = new Received<unknown>();
    const events = new Received<unknown>();
    await client.subscribeToMessages('n', ({ payload }) => messages.add(payload));
    await peer.subscribeToMessages('n', ({ payload }) => back.add(payload));
    await client.subscribeToEvents(['tick'], { handler: event => events.add(event.data['n']) });
    const round = (n: number) =>
      Promise.all([
        peer.sendMessage({ toAgent: 'Resuming', messageType: 'n', payload: n }),
        peer.publishEvent({ eventType: 'tick', data: { n } }),
      ]);
    await round(1);
    await messages.atLeast(1);

    proxy.cut();
    await states.atLeast(1);
    await round(2);
    const sending = client.sendMessage({ toAgent: 'Peer', messageType: 'n', payload: 'while away' });
    await peer.broadcast({ messageType: 'n', payload: 'to all' });
    proxy.restore();
    await sending;
    await round(3);

    expect(await events.atLeast(3)).toEqual([1, 2, 3]);
    expect([...(await messages.atLeast(4))].sort()).toEqual([1, 2, 3, 'to all']);
    expect(await back.first()).toBe('while away');
    expect(states.items).toEqual(['reconnecting', 'connected']);
  });

  test('does not run a handler again that is still running', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const runs = new Received<number>();
    const finish = gate();
    const reconnected = gate();
    const client = await hub.join('Steady', {}, { server: proxy.url });
    await client.subscribeToMessages('job', async (_message, { attempt }) => {
      runs.add(attempt);
      await finish.opened;
      return 'done';
    });
    client.on('connection', ({ state }) => state === 'connected' && reconnected.open());
    const boss = await hub.join('Boss');
    const asking = boss.sendMessage({ toAgent: 'Steady', messageType: 'job', payload: {}, timeout: 20 });
    await runs.first();

    proxy.cut();
    proxy.restore();
    await reconnected.opened;
    finish.open();

    expect(await asking).toMatchObject({ status: 'success', data: 'done' });
    expect(runs.items).toEqual([1]);
  });

  test('that is lost for longer than the grace period does not run a handler again that has finished in between', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const runs = new Received<number>();
    const finish = gate();
    const client = await hub.join('LongAway', {}, { server: proxy.url, reconnect: { firstMs: 5, maxMs: 50 } });
    await client.subscribeToMessages('job', async (_message, { attempt }) => {
      runs.add(attempt);
      await finish.opened;
      return 'done';
    });
    const boss = await hub.join('PatientBoss');
    const id = createId();
    const asking = boss.sendMessage({ id, toAgent: 'LongAway', messageType: 'job', payload: {}, timeout: 60 });
    await runs.first();

    proxy.cut();
    finish.open();
    // The delivery returned after the grace period, as another attempt.
    await expect.poll(async () => (await boss.messageStatus(id))[0]?.attempt, { timeout: 30_000 }).toBe(2);
    proxy.restore();

    expect(await asking).toMatchObject({ status: 'success', data: 'done' });
    expect(runs.items).toEqual([1]);
  }, 60_000);

  test('is detected when no data arrives any more and no end was signalled', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const states = new Received<string>();
    const client = await hub.join('Frozen', {}, { server: proxy.url, heartbeatMs: 200 });
    client.on('connection', ({ state }) => states.add(state));

    proxy.freeze();

    expect(await states.atLeast(2)).toEqual(['reconnecting', 'connected']);
  });

  test('that is not restored is final, and all pending calls are rejected', async () => {
    const proxy = await openTcpProxy(hub.url);
    const client = await hub.join('Abandoned', {}, { server: proxy.url, giveUpAfterMs: 300 });
    const closed = gate();
    client.on('connection', ({ state }) => state === 'closed' && closed.open());
    const events = (await client.subscribeToEvents(['never']))[Symbol.asyncIterator]().next();

    await proxy[Symbol.asyncDispose]();

    await expect(events).rejects.toMatchObject({ code: 'connection/lost' });
    await closed.opened;
    await expect(client.sendMessage({ to: 'X', messageType: 'n', payload: 1 })).rejects.toBeInstanceOf(ConnectionError);
  });
});

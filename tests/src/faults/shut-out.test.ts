// A client that is no longer admitted gets the reason once at every pending call, and does not reconnect.

import { AgoraError, type AgoraClient } from '@agora/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;
let proxy: TcpProxy;
let boss: AgoraClient;

beforeEach(async () => {
  hub = await startTestHub();
  proxy = await openTcpProxy(hub.url);
  boss = await hub.join('Boss', {}, { token: hub.ownerToken });
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

const NOT_ADMITTED = { name: 'ConnectionError', code: 'connection/not-admitted' };

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'settled',
    (error: unknown) => (error instanceof AgoraError ? error.code : error),
  );
}

describe('a client whose agent another client has unregistered', () => {
  test.each(['while it is connected', 'while it reconnects'])('is closed with the reason: %s', async when => {
    const agent = await hub.join('Removed', {}, { server: proxy.url, reconnect: { firstMs: 5, maxMs: 20 } });
    const lost = new Received<string>();
    agent.on('connection', ({ state }) => lost.add(state));
    const serving = agent.serve({ messages: { n: () => undefined }, signals: [] });
    await boss.sendMessage({ to: 'Removed', messageType: 'n', payload: 0, timeout: 10 });
    const [row] = await boss.findAgents({ name: 'Removed' });
    if (when === 'while it reconnects') {
      proxy.cut();
      await lost.atLeast(1);
    }
    await boss.operator.unregisterAgent(row?.id ?? 0);
    proxy.restore();
    await expect(serving).rejects.toMatchObject({ code: 'agent/unknown' });
    expect(agent.state).toBe('closed');
    // Its name is free.
    await hub.join('Removed');
  });
});

describe('a client that a closed hub does not let in', () => {
  test('gets the reason on connecting, and does not try again', async () => {
    await boss.operator.setAdmission('closed');
    const stranger = hub.client('Stranger');
    const startedAt = performance.now();
    await expect(stranger.connect({ retryForMs: 60_000 })).rejects.toMatchObject({
      ...NOT_ADMITTED,
      message: expect.stringMatching(/ask an operator/) as string,
    });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await expect(stranger.connect()).rejects.toMatchObject(NOT_ADMITTED);
  });

  test('gets the reason when it is expelled while it reconnects, and so do all pending calls', async () => {
    const reconnect = { firstMs: 5, maxMs: 20 };
    const client = await hub.join('ShutOut', {}, { server: proxy.url, reconnect, outbox: true });
    const turner = await hub.join('Turner', {}, { server: proxy.url, reconnect });
    const server = await hub.join('Server', {}, { server: proxy.url, reconnect });
    const states = new Received<string>();
    for (const each of [client, turner, server]) {
      each.on('connection', ({ state, error }) => states.add(`${each.name} ${state} ${error?.code}`));
    }
    const loop = (await client.subscribeToMessages('n'))[Symbol.asyncIterator]().next();
    const events = (await client.subscribeToEvents(['n']))[Symbol.asyncIterator]().next();
    const turns = turner.turns()[Symbol.asyncIterator]().next();
    const serving = server.serve({ messages: { n: () => undefined }, signals: [] });
    await boss.sendMessage({ to: 'Server', messageType: 'n', payload: 0, timeout: 10 });

    proxy.cut();
    await states.atLeast(3);
    const waiting = [
      loop,
      events,
      turns,
      serving,
      client.sendMessage({ to: 'Boss', messageType: 'n', payload: 1 }),
      client.sendMessage({ to: 'Boss', messageType: 'n', payload: 1, timeout: 30 }),
      client.findAgents(),
      turner.goIdle(),
      turner.publishEvent({ eventType: 'n', data: {} }),
    ].map(codeOf);
    await boss.operator.setAdmission('closed');
    proxy.restore();

    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'connection/not-admitted'));
    expect(states.items.filter(each => each.includes('closed')).sort()).toEqual(
      ['Server', 'ShutOut', 'Turner'].map(name => `${name} closed connection/not-admitted`),
    );
    expect(await codeOf(client.sendMessage({ to: 'Boss', messageType: 'n', payload: 2 }))).toBe(
      'connection/not-admitted',
    );
    expect(await codeOf(client.connect())).toBe('connection/not-admitted');
    expect(await codeOf(turner.waitForMail())).toBe('connection/not-admitted');
  });

  test('keeps the identity that an operator can admit, and is then admitted with it', async () => {
    await boss.operator.setAdmission('closed');
    let token: string | undefined;
    const tokenStore = { load: () => token, save: (made: string) => void (token = made) };
    const refused = await hub
      .client('Newcomer', { tokenStore })
      .connect()
      .catch((error: unknown) => String(error));
    const [identity = ''] = /[0-9a-f]{64}/.exec(String(refused)) ?? [];
    await boss.operator.admitIdentity(identity, 'asked nicely');
    const newcomer = await hub.join('Newcomer', {}, { tokenStore });
    expect(newcomer.identity).toBe(identity);
  });
});

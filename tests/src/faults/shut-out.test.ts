// Who is not let in any more: told so, once and with the reason, wherever it waits; and it does not try for ever.

import { AgoraError, type AgoraClient } from '@agora/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Heard } from '../support/heard.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openWire, type Wire } from '../support/wire.ts';

let hub: TestHub;
let wire: Wire;
let boss: AgoraClient;

beforeEach(async () => {
  hub = await startTestHub();
  wire = await openWire(hub.url);
  boss = await hub.join('Boss', {}, { token: hub.ownerToken });
});
afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

const NOT_ADMITTED = { name: 'ConnectionError', code: 'connection/not-admitted' };

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'settled',
    (error: unknown) => (error instanceof AgoraError ? error.code : error),
  );
}

describe('a client whose agent somebody else has unregistered', () => {
  it.each(['while it is connected', 'while it reconnects'])('is closed with the reason: %s', async when => {
    const agent = await hub.join('Removed', {}, { server: wire.url, reconnect: { firstMs: 5, maxMs: 20 } });
    const lost = new Heard<string>();
    agent.on('connection', ({ state }) => lost.add(state));
    const serving = agent.serve({ messages: { n: () => undefined }, signals: [] });
    await boss.sendMessage({ to: 'Removed', messageType: 'n', payload: 0, timeout: 10 });
    const [row] = await boss.findAgents({ name: 'Removed' });
    if (when === 'while it reconnects') {
      wire.cut();
      await lost.atLeast(1);
    }
    await boss.operator.unregisterAgent(row?.id ?? 0);
    wire.mend();
    await expect(serving).rejects.toMatchObject({ code: 'agent/unknown' });
    expect(agent.state).toBe('closed');
    // Its name is free.
    await hub.join('Removed');
  });
});

describe('a client that a closed hub does not let in', () => {
  it('is told on connecting, and does not try again', async () => {
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

  it('is told when it is shut out while it reconnects, and so is everything that waits', async () => {
    const reconnect = { firstMs: 5, maxMs: 20 };
    const client = await hub.join('ShutOut', {}, { server: wire.url, reconnect, outbox: true });
    const turner = await hub.join('Turner', {}, { server: wire.url, reconnect });
    const server = await hub.join('Server', {}, { server: wire.url, reconnect });
    const states = new Heard<string>();
    for (const each of [client, turner, server]) {
      each.on('connection', ({ state, error }) => states.add(`${each.name} ${state} ${error?.code}`));
    }
    const loop = (await client.subscribeToMessages<'n'>())[Symbol.asyncIterator]().next();
    const events = (await client.subscribeToEvents(['n']))[Symbol.asyncIterator]().next();
    const turns = turner.turns()[Symbol.asyncIterator]().next();
    const serving = server.serve({ messages: { n: () => undefined }, signals: [] });
    await boss.sendMessage({ to: 'Server', messageType: 'n', payload: 0, timeout: 10 });

    wire.cut();
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
    wire.mend();

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

  it('keeps the identity that an operator can admit, and is let in as that', async () => {
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

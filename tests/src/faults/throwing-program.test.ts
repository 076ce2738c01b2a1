// Whatever the program throws, its client goes on: it stays connected, receives, and reports the fault as a warning.

import { startHost } from '@agora/host';
import { readBundle } from '@agora/hub';
import { AgoraClient, type AgoraError } from '@agora/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;
let peer: AgoraClient;
let number = 0;
const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);

beforeAll(async () => {
  hub = await startTestHub();
  peer = await hub.join('Peer');
  await peer.subscribeToMessages({
    filters: { messageTypes: ['q'] },
    handler: async ({ payload }, { progress }) => {
      if (payload === 'progress') await progress(1);
      return 'answered';
    },
  });
});

afterAll(() => hub[Symbol.asyncDispose]());

beforeEach(() => {
  unhandled.length = 0;
  process.on('uncaughtException', note).on('unhandledRejection', note);
});

afterEach(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

async function joined(options: Parameters<TestHub['join']>[2] = {}) {
  const client = await hub.join(`Thrower${++number}`, {}, options);
  const warnings = new Received<AgoraError>();
  client.on('warning', warnings.add);
  return { client, warnings };
}

const ask = (client: AgoraClient, to: string, payload: unknown, more: object = {}) =>
  client.sendMessage({ to, messageType: 'q', payload, timeout: 20, ...more });

/** The client sends, asks, and is asked. */
async function goesOn(client: AgoraClient): Promise<void> {
  expect(await ask(client, 'Peer', 1)).toMatchObject({ data: 'answered' });
  await using _messages = await client.subscribeToMessages({
    filters: { messageTypes: ['check'] },
    handler: () => 'here',
  });
  const asked = await peer.sendMessage({ to: client.name, messageType: 'check', payload: 1, timeout: 20 });
  expect(asked).toMatchObject({ data: 'here' });
}

describe('a client goes on', () => {
  test('when a listener of notices throws', async () => {
    const { client, warnings } = await joined();
    const others = new Received<unknown>();
    client.on('notice', () => {
      throw new Error('broken listener');
    });
    client.on('notice', others.add);
    const absent = await hub.join('Absent');
    await absent.close();
    const { messageId } = await client.sendMessage({ to: 'Absent', messageType: 'n', payload: 1, ttlMs: 50 });

    expect(await others.first()).toMatchObject({ about: messageId, kind: 'expired' });
    expect(await warnings.first()).toMatchObject({
      code: 'client/callback-failed',
      cause: new Error('broken listener'),
    });
    await goesOn(client);
  });

  test('when a listener of the connection throws, also an asynchronous one', async () => {
    await using proxy = await openTcpProxy(hub.url);
    const { client, warnings } = await joined({ server: proxy.url, reconnect: { firstMs: 5, maxMs: 50 } });
    client.on('connection', () => {
      throw new Error('broken');
    });
    const later: () => unknown = () => Promise.reject(new Error('broken later'));
    client.on('connection', later);
    const states = new Received<string>();
    client.on('connection', ({ state }) => states.add(state));

    proxy.cut();
    proxy.restore();

    expect(await states.atLeast(2)).toEqual(['reconnecting', 'connected']);
    expect((await warnings.atLeast(4)).map(({ code }) => code)).toEqual(Array(4).fill('client/callback-failed'));
    await goesOn(client);
  });

  test('when `onProgress` throws', async () => {
    const { client, warnings } = await joined();
    const onProgress = () => {
      throw new Error('broken progress bar');
    };

    expect(await ask(client, 'Peer', 'progress', { onProgress })).toMatchObject({ data: 'answered' });
    expect(await warnings.first()).toMatchObject({ code: 'client/callback-failed' });
    await goesOn(client);
  });

  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  class HttpError extends Error {
    override message = undefined as unknown as string;
  }
  const thrown: Readonly<Record<string, unknown>> = {
    'an error without a message': new HttpError('lost'),
    'an object without a prototype': Object.create(null) as unknown,
    'a revoked proxy': revoked.proxy,
    undefined,
    'an error whose message throws': Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('inner');
      },
    }),
  };
  test.each(Object.entries(thrown))('when a handler throws %s', async (_name, value) => {
    const { client, warnings } = await joined();
    const handler = (_message: unknown, { attempt }: { attempt: number }) => {
      if (attempt > 1) return 'second attempt';
      throw value;
    };
    await client.subscribeToMessages({ filters: { messageTypes: ['q'] }, handler });

    expect(await ask(peer, client.name, 1)).toMatchObject({ data: 'second attempt' });
    expect(await warnings.first()).toMatchObject({ code: 'client/handler-failed' });
    await goesOn(client);
  });

  const returned: Readonly<Record<string, unknown>> = {
    'a thenable that throws': {
      then() {
        throw new Error('broken thenable');
      },
    },
    'a thenable whose `then` throws': {
      get then() {
        throw new Error('broken getter');
      },
    },
    'a revoked proxy': revoked.proxy,
  };
  test.each(Object.entries(returned))('when a handler returns %s', async (_name, value) => {
    const { client } = await joined();
    const handler = (_message: unknown, { attempt }: { attempt: number }) => (attempt > 1 ? 'second attempt' : value);
    await client.subscribeToMessages({ filters: { messageTypes: ['q'] }, handler });
    const answer = await ask(peer, client.name, 1);
    expect(['success', 'error']).toContain(answer.status);
    await goesOn(client);
  });

  test('when refused calls are not awaited, which are warnings', async () => {
    const { client, warnings } = await joined();
    void client.sendMessage({ to: 'NobodyKnown', messageType: 'n', payload: 1 });
    void client.publishEvent({ eventType: 'bad type', data: {} });
    void client.updateAgent({ metadata: { n: 1n } });
    void client.joinGroup('bad name');
    void client.operator.purge(999n);

    const codes = (await warnings.atLeast(5)).map(({ code }) => code);
    expect(codes).toEqual(Array(5).fill('client/not-awaited'));
    const awaited = client.updateAgent({ metadata: { n: 1n } });
    await expect(awaited).rejects.toMatchObject({ code: 'agent/bad-metadata' });
    expect(warnings.items).toHaveLength(5);
    await goesOn(client);
  });

  test('when a second settlement of a message is not awaited', async () => {
    const { client, warnings } = await joined();
    const handler = async (_message: unknown, { respond }: { respond: (data: unknown) => Promise<void> }) => {
      await respond('first');
      void respond('second');
    };
    await client.subscribeToMessages({ filters: { messageTypes: ['q'] }, handler });

    expect(await ask(peer, client.name, 1)).toMatchObject({ data: 'first' });
    expect(await warnings.first()).toMatchObject({ code: 'client/not-awaited', cause: { code: 'message/settled' } });
    await goesOn(client);
  });
});

describe('a hub with another version of the contract', () => {
  const withVersion = (bundle: string, version: number) => {
    const changed = bundle.replace(/(contractVersion = .*\(\) => )\d+/, `$1${version}`);
    expect(changed).not.toBe(bundle);
    // The newer module has one more column, which a client of this version cannot decode.
    const wider = changed.replace(
      /(registeredAt: (t\$?\d*)\.timestamp\(\),\s*updatedAt: t\$?\d*\.timestamp\(\))/,
      (all, _one, name: string) => `${all}, note: ${name}.string().default("new")`,
    );
    expect(wider).not.toBe(changed);
    return Buffer.from(wider);
  };

  test('ends the client with a ConnectionError that names the side to update', async () => {
    const bundle = Buffer.from(await readBundle()).toString();
    const host = await startHost({ port: 0 });
    try {
      await host.publish('agora', Buffer.from(bundle));
      await using client = new AgoraClient('Old', { server: host.url, tokenStore: false });
      await client.connect();
      await client.registerAgent({ agentType: 'worker' });
      const closed = new Promise<AgoraError | undefined>(resolve => {
        client.on('connection', ({ state, error }) => state === 'closed' && resolve(error));
      });

      await host.publish('agora', withVersion(bundle, 2));

      expect(await closed).toMatchObject({
        name: 'ConnectionError',
        code: 'connection/other-version',
        message: expect.stringContaining('update @agora/client') as string,
      });
      await using late = new AgoraClient('Late', { server: host.url, tokenStore: false });
      await expect(late.connect()).rejects.toMatchObject({ code: 'connection/other-version' });
    } finally {
      await host.close();
    }
  });
});

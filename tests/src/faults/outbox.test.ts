// The outbox: messages sent without a connection are stored up to a limit, on disk if configured, and sent in order
// once connected.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createId, type AgoraClient, type AgoraClientOptions, type AgoraError, type OutboxNote } from '@agora/client';
import { fileOutbox } from '@agora/client/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const PROGRAM = fileURLToPath(new URL('../support/offline-process.ts', import.meta.url));
/** An address where no server listens. */
const NOWHERE = 'http://127.0.0.1:9';

let hub: TestHub;
let proxy: TcpProxy;
let folder: string;
let file: string;
let peer: AgoraClient;
let received: Received<unknown>;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  hub = await startTestHub();
  peer = await hub.join('Peer', { credit: 128 });
  await peer.subscribeToMessages('kept', ({ payload }) => received.add(payload));
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(async () => {
  proxy = await openTcpProxy(hub.url);
  folder = await mkdtemp(join(tmpdir(), 'agora-outbox-'));
  file = join(folder, 'outbox');
  received = new Received();
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await proxy[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let names = 0;

/** A client over the proxy, and the events of its outbox. */
function anAgent(options: AgoraClientOptions = {}, name = `Agent${++names}`) {
  const notes = new Received<OutboxNote>();
  const warnings = new Received<AgoraError>();
  const reconnect = { firstMs: 5, maxMs: 20 };
  const client = hub.client(name, { server: proxy.url, outbox: true, reconnect, ...options });
  client.on('outbox', notes.add);
  client.on('warning', warnings.add);
  return { client, notes, warnings };
}

async function joined(options: AgoraClientOptions = {}, name?: string) {
  const agent = anAgent(options, name);
  await agent.client.connect();
  await agent.client.registerAgent({ agentType: 'worker' });
  return agent;
}

async function isLost(client: AgoraClient): Promise<void> {
  const states = new Received<string>();
  client.on('connection', ({ state }) => states.add(state));
  proxy.cut();
  await states.atLeast(1);
}

const keptMessage = (payload: unknown, more: object = {}) => ({ to: 'Peer', messageType: 'kept', payload, ...more });

describe('a message sent without a connection', () => {
  test('is sent in order after reconnecting, and broadcasts and events too: each sent once and reported once', async () => {
    const { client, notes } = await joined({ offlineTimeoutMs: 50 });
    const events = await peer.subscribeToEvents(['outbox.*']);
    await isLost(client);

    const id = createId();
    const sending = [
      client.sendMessage(keptMessage(1, { id })),
      client.sendMessage(keptMessage(2)),
      client.broadcast({ messageType: 'kept', payload: 'to all' }),
      client.publishEvent({ eventType: 'outbox.event', data: { n: 1 } }),
      client.sendMessage(keptMessage(3)),
    ];
    expect((await notes.atLeast(5)).map(({ what, kind }) => `${what} ${kind}`)).toEqual([
      'kept message',
      'kept message',
      'kept message',
      'kept event',
      'kept message',
    ]);
    // Longer than the timeout of calls without an outbox.
    await new Promise(resolve => setTimeout(resolve, 120));
    proxy.restore();

    expect((await Promise.all(sending))[0]).toEqual({ messageId: id, status: 'accepted' });
    const all = await received.atLeast(4);
    expect(all.filter(each => typeof each === 'number')).toEqual([1, 2, 3]);
    expect(all).toContain('to all');
    for await (const event of events) {
      expect(event.data).toEqual({ n: 1 });
      break;
    }
    expect(notes.items.slice(5).map(({ what }) => what)).toEqual(Array(5).fill('accepted'));
  });

  test('may come before the first connection, and is sent before later messages', async () => {
    const { client } = anAgent();
    const early = [client.sendMessage(keptMessage('early 1')), client.sendMessage(keptMessage('early 2'))];
    await client.connect();
    await client.registerAgent({ agentType: 'worker' });
    await client.sendMessage(keptMessage('late'));
    expect(await Promise.all(early)).toHaveLength(2);
    expect(await received.atLeast(3)).toEqual(['early 1', 'early 2', 'late']);
  });

  test('is refused once the outbox is full', async () => {
    const { client } = await joined({ outbox: { maxMessages: 2, maxBytes: 1_000 } });
    await isLost(client);
    const long = client.sendMessage(keptMessage('x'.repeat(2_000)));
    await expect(long).rejects.toMatchObject({ code: 'outbox/full' });
    const sending = [client.sendMessage(keptMessage(1)), client.sendMessage(keptMessage(2))];
    await expect(client.sendMessage(keptMessage(3))).rejects.toMatchObject({ code: 'outbox/full' });
    proxy.restore();
    await Promise.all(sending);
    expect(await received.atLeast(2)).toEqual([1, 2]);
  });

  test('is refused by the hub like a direct send, and the refusal is reported', async () => {
    const { client, notes } = await joined();
    await isLost(client);
    const sending = client.sendMessage(keptMessage(1, { to: 'Nobody' }));
    const refused = expect(sending).rejects.toMatchObject({ code: 'message/unknown-recipient' });
    proxy.restore();
    await refused;
    expect(await notes.atLeast(2)).toMatchObject([{ what: 'kept' }, { what: 'refused', to: ['Nobody'], payload: 1 }]);
  });

  test('ages while it is stored: its time to live and its delay count from the call', async () => {
    const { client, notes } = await joined({ outbox: { maxAgeMs: 60_000 } });
    await isLost(client);
    const over = expect(client.sendMessage(keptMessage('over', { ttlMs: 5 }))).rejects.toMatchObject({
      code: 'outbox/expired',
    });
    const fresh = client.sendMessage(keptMessage('fresh', { ttlMs: 60_000, delayMs: 20 }));
    await notes.atLeast(2);
    await new Promise(resolve => setTimeout(resolve, 50));
    proxy.restore();
    await over;
    await fresh;
    expect(await received.atLeast(1)).toEqual(['fresh']);
  });

  test('that is older than the outbox or the hub allows is reported, not dropped silently', async () => {
    const { client } = await joined({ outbox: { maxAgeMs: 20 } });
    await isLost(client);
    const old = expect(client.sendMessage(keptMessage(1))).rejects.toMatchObject({ code: 'outbox/expired' });
    await new Promise(resolve => setTimeout(resolve, 50));
    proxy.restore();
    await old;

    const { client: other } = await joined();
    await isLost(other);
    // An id of the year 2020.
    const id = `016f5e66-e800-7${createId().slice(15)}`;
    const refused = expect(other.sendMessage(keptMessage(2, { id }))).rejects.toMatchObject({
      code: 'message/id-too-old',
    });
    proxy.restore();
    await refused;
  });

  test('can be withdrawn: by its signal, and by cancelling it', async () => {
    const { client } = await joined();
    await isLost(client);
    const controller = new AbortController();
    const aborted = client.sendMessage(keptMessage(1, { signal: controller.signal }));
    const cancelled = client.sendMessage(keptMessage(2, { priority: 3 }));
    const stays = client.sendMessage(keptMessage(3));
    const id = createId();
    const called = client.sendMessage(keptMessage(4, { id }));
    controller.abort(new Error('never mind'));
    await client.cancel(id);
    await expect(aborted).rejects.toThrow('never mind');
    await expect(called).rejects.toMatchObject({ code: 'delivery/cancelled' });
    proxy.restore();
    await Promise.all([cancelled, stays]);
    expect(await received.atLeast(2)).toEqual([2, 3]);
  });

  test('waits for its quota', async () => {
    const boss = await hub.join(`Boss${++names}`, {}, { token: hub.ownerToken });
    const { client } = await joined();
    const [row] = await boss.findAgents({ name: client.name });
    await boss.operator.setQuota(row?.id ?? 0, { rate: 20, burst: 1 });
    await isLost(client);
    const sending = [1, 2, 3].map(n => client.sendMessage(keptMessage(n)));
    proxy.restore();
    await Promise.all(sending);
    expect([...(await received.atLeast(3))].sort()).toEqual([1, 2, 3]);
  });
});

describe('an outbox in a file', () => {
  /** Starts the program; returns its lines as they arrive. */
  function startOffline(server: string, name: string, first: number, count: number, token?: string) {
    const args = [PROGRAM, server, hub.database, name, file, String(first), String(count)];
    if (token !== undefined) args.push(token);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    const lines = new Received<string>();
    createInterface(child.stdout).on('line', lines.add);
    return { child, lines };
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  test('outlives its process: the next process sends the stored messages, in order and once', async () => {
    const { child, lines } = startOffline(NOWHERE, 'Offline', 0, 50);
    expect(await lines.atLeast(50)).toEqual(numbers(50).map(n => `kept ${n}`));
    await kill(child);
    // The crash left the last line incomplete.
    await appendFile(file, '{"id":"01a2');

    const { client, notes } = await joined({ outbox: { file } }, 'Offline');

    expect(await received.atLeast(50)).toEqual(numbers(50));
    expect((await notes.atLeast(50)).map(({ what, payload }) => [what, payload])).toEqual(
      numbers(50).map(n => ['accepted', n]),
    );
    await client.close();
    expect(await readFile(file, 'utf8')).toBe('');
  });

  test('is sent once, also by processes that are killed while they send it', { timeout: 60_000 }, async () => {
    const issued = await fetch(new URL('v1/identity', `${hub.url}/`), { method: 'POST' });
    const { token } = (await issued.json()) as { token: string };
    const kept = new Set<number>();
    for (let life = 0; life < 3; life++) {
      const { child, lines } = startOffline(hub.url, 'Killed', life * 1_000, 1_000, token);
      // A kill in the middle: some are accepted, for others the confirmation was not sent or not received.
      await expect
        .poll(() => lines.items.some(line => line.startsWith('accepted')), { timeout: 10_000, interval: 1 })
        .toBe(true);
      await kill(child);
      for (const line of lines.items) if (line.startsWith('kept')) kept.add(Number(line.split(' ')[1]));
    }
    const { client } = await joined({ server: hub.url, outbox: { file }, token }, 'Killed');
    await client.sendMessage(keptMessage('last'));
    await expect.poll(() => received.items.includes('last'), { timeout: 10_000 }).toBe(true);

    expect(kept.size).toBeGreaterThan(1_000);
    expect(new Set(received.items).size).toBe(received.items.length);
    expect([...kept].filter(n => !received.items.includes(n))).toEqual([]);
  });

  test('reports refused messages when no caller waits for them any more', async () => {
    const before = anAgent({ outbox: { file } }, 'Forgotten');
    const sending = before.client.sendMessage(keptMessage(1, { to: 'Nobody' }));
    const left = expect(sending).rejects.toMatchObject({ code: 'outbox/kept' });
    await before.notes.atLeast(1);
    await before.client.close();
    await left;

    const { notes, warnings } = await joined({ outbox: { file } }, 'Forgotten');

    expect(await notes.atLeast(1)).toMatchObject([{ what: 'refused', to: ['Nobody'], payload: 1 }]);
    expect(await warnings.first()).toMatchObject({ code: 'message/unknown-recipient' });
  });

  test('is used by one process of an agent at a time', async () => {
    const { client } = await joined({ outbox: { file } });
    const second = anAgent({ outbox: { store: fileOutbox(file) } });
    await expect(second.client.connect()).rejects.toMatchObject({ code: 'outbox/in-use' });
    await client.close();
    await second.client.connect();
  });
});

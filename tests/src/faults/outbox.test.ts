// What is said without a connection is kept, bounded, on disk if that is asked, and sent in order when there is one.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createId, type AgoraClient, type AgoraClientOptions, type AgoraError, type OutboxNote } from '@agora/client';
import { fileOutbox } from '@agora/client/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Heard } from '../support/heard.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { openWire, type Wire } from '../support/wire.ts';

const PROGRAM = fileURLToPath(new URL('../support/offline-process.ts', import.meta.url));
/** Where nobody listens. */
const NOWHERE = 'http://127.0.0.1:9';

let hub: TestHub;
let wire: Wire;
let folder: string;
let file: string;
let peer: AgoraClient;
let heard: Heard<unknown>;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  hub = await startTestHub();
  peer = await hub.join('Peer', { credit: 128 });
  await peer.subscribeToMessages<'kept'>(({ payload }) => heard.add(payload));
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(async () => {
  wire = await openWire(hub.url);
  folder = await mkdtemp(join(tmpdir(), 'agora-outbox-'));
  file = join(folder, 'outbox');
  heard = new Heard();
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await wire[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let names = 0;

/** A client over the wire, and what its outbox tells. */
function anAgent(options: AgoraClientOptions = {}, name = `Agent${++names}`) {
  const notes = new Heard<OutboxNote>();
  const warnings = new Heard<AgoraError>();
  const reconnect = { firstMs: 5, maxMs: 20 };
  const client = hub.client(name, { server: wire.url, outbox: true, reconnect, ...options });
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
  const states = new Heard<string>();
  client.on('connection', ({ state }) => states.add(state));
  wire.cut();
  await states.atLeast(1);
}

const keptMessage = (payload: unknown, more: object = {}) => ({ to: 'Peer', messageType: 'kept', payload, ...more });

describe('what is said without a connection', () => {
  it('is sent in order when it is back: messages, broadcasts and events, each once and each told once', async () => {
    const { client, notes } = await joined({ offlineTimeoutMs: 50 });
    const events = await peer.subscribeToEvents(['outbox.*']);
    await isLost(client);

    const id = createId();
    const said = [
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
    // Longer than calls without an outbox wait.
    await new Promise(resolve => setTimeout(resolve, 120));
    wire.mend();

    expect((await Promise.all(said))[0]).toEqual({ messageId: id, status: 'accepted' });
    const all = await heard.atLeast(4);
    expect(all.filter(each => typeof each === 'number')).toEqual([1, 2, 3]);
    expect(all).toContain('to all');
    for await (const event of events) {
      expect(event.data).toEqual({ n: 1 });
      break;
    }
    expect(notes.items.slice(5).map(({ what }) => what)).toEqual(Array(5).fill('accepted'));
  });

  it('may be said before the first connection, and goes before what is said after it', async () => {
    const { client } = anAgent();
    const early = [client.sendMessage(keptMessage('early 1')), client.sendMessage(keptMessage('early 2'))];
    await client.connect();
    await client.registerAgent({ agentType: 'worker' });
    await client.sendMessage(keptMessage('late'));
    expect(await Promise.all(early)).toHaveLength(2);
    expect(await heard.atLeast(3)).toEqual(['early 1', 'early 2', 'late']);
  });

  it('is refused once the outbox is full', async () => {
    const { client } = await joined({ outbox: { maxMessages: 2, maxBytes: 1_000 } });
    await isLost(client);
    const long = client.sendMessage(keptMessage('x'.repeat(2_000)));
    await expect(long).rejects.toMatchObject({ code: 'outbox/full' });
    const said = [client.sendMessage(keptMessage(1)), client.sendMessage(keptMessage(2))];
    await expect(client.sendMessage(keptMessage(3))).rejects.toMatchObject({ code: 'outbox/full' });
    wire.mend();
    await Promise.all(said);
    expect(await heard.atLeast(2)).toEqual([1, 2]);
  });

  it('is refused by the hub as it would have been at once, and that is told', async () => {
    const { client, notes } = await joined();
    await isLost(client);
    const said = client.sendMessage(keptMessage(1, { to: 'Nobody' }));
    const refused = expect(said).rejects.toMatchObject({ code: 'message/unknown-recipient' });
    wire.mend();
    await refused;
    expect(await notes.atLeast(2)).toMatchObject([{ what: 'kept' }, { what: 'refused', to: ['Nobody'], payload: 1 }]);
  });

  it('is as old as it is: its time to live goes by, and its delay', async () => {
    const { client, notes } = await joined({ outbox: { maxAgeMs: 60_000 } });
    await isLost(client);
    const over = expect(client.sendMessage(keptMessage('over', { ttlMs: 5 }))).rejects.toMatchObject({
      code: 'outbox/expired',
    });
    const fresh = client.sendMessage(keptMessage('fresh', { ttlMs: 60_000, delayMs: 20 }));
    await notes.atLeast(2);
    await new Promise(resolve => setTimeout(resolve, 50));
    wire.mend();
    await over;
    await fresh;
    expect(await heard.atLeast(1)).toEqual(['fresh']);
  });

  it('that is older than the outbox or the hub keeps is told, not dropped', async () => {
    const { client } = await joined({ outbox: { maxAgeMs: 20 } });
    await isLost(client);
    const old = expect(client.sendMessage(keptMessage(1))).rejects.toMatchObject({ code: 'outbox/expired' });
    await new Promise(resolve => setTimeout(resolve, 50));
    wire.mend();
    await old;

    const { client: other } = await joined();
    await isLost(other);
    // An id of the year 2020.
    const id = `016f5e66-e800-7${createId().slice(15)}`;
    const refused = expect(other.sendMessage(keptMessage(2, { id }))).rejects.toMatchObject({
      code: 'message/id-too-old',
    });
    wire.mend();
    await refused;
  });

  it('can be taken back: by its signal, and by cancelling it', async () => {
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
    wire.mend();
    await Promise.all([cancelled, stays]);
    expect(await heard.atLeast(2)).toEqual([2, 3]);
  });

  it('waits for its quota', async () => {
    const boss = await hub.join(`Boss${++names}`, {}, { token: hub.ownerToken });
    const { client } = await joined();
    const [row] = await boss.findAgents({ name: client.name });
    await boss.operator.setQuota(row?.id ?? 0, { rate: 20, burst: 1 });
    await isLost(client);
    const said = [1, 2, 3].map(n => client.sendMessage(keptMessage(n)));
    wire.mend();
    await Promise.all(said);
    expect([...(await heard.atLeast(3))].sort()).toEqual([1, 2, 3]);
  });
});

describe('an outbox in a file', () => {
  /** Starts the program, and gives its lines as they come. */
  function startOffline(server: string, name: string, first: number, count: number, token?: string) {
    const args = [PROGRAM, server, hub.database, name, file, String(first), String(count)];
    if (token !== undefined) args.push(token);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    const lines = new Heard<string>();
    createInterface(child.stdout).on('line', lines.add);
    return { child, lines };
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  it('outlives its process: the next one sends what was kept, in order and once', async () => {
    const { child, lines } = startOffline(NOWHERE, 'Offline', 0, 50);
    expect(await lines.atLeast(50)).toEqual(numbers(50).map(n => `kept ${n}`));
    await kill(child);
    // The crash has torn the last line.
    await appendFile(file, '{"id":"01a2');

    const { client, notes } = await joined({ outbox: { file } }, 'Offline');

    expect(await heard.atLeast(50)).toEqual(numbers(50));
    expect((await notes.atLeast(50)).map(({ what, payload }) => [what, payload])).toEqual(
      numbers(50).map(n => ['accepted', n]),
    );
    await client.close();
    expect(await readFile(file, 'utf8')).toBe('');
  });

  it('is sent once also by processes that are killed while they send it', { timeout: 60_000 }, async () => {
    const issued = await fetch(new URL('v1/identity', `${hub.url}/`), { method: 'POST' });
    const { token } = (await issued.json()) as { token: string };
    const kept = new Set<number>();
    for (let life = 0; life < 3; life++) {
      const { child, lines } = startOffline(hub.url, 'Killed', life * 1_000, 1_000, token);
      // Somewhere in the middle: some are accepted, the hub has not said so of others, or not heard of them.
      await expect
        .poll(() => lines.items.some(line => line.startsWith('accepted')), { timeout: 10_000, interval: 1 })
        .toBe(true);
      await kill(child);
      for (const line of lines.items) if (line.startsWith('kept')) kept.add(Number(line.split(' ')[1]));
    }
    const { client } = await joined({ server: hub.url, outbox: { file }, token }, 'Killed');
    await client.sendMessage(keptMessage('last'));
    await expect.poll(() => heard.items.includes('last'), { timeout: 10_000 }).toBe(true);

    expect(kept.size).toBeGreaterThan(1_000);
    expect(new Set(heard.items).size).toBe(heard.items.length);
    expect([...kept].filter(n => !heard.items.includes(n))).toEqual([]);
  });

  it('tells of what is refused when nobody waits for it any more', async () => {
    const before = anAgent({ outbox: { file } }, 'Forgotten');
    const said = before.client.sendMessage(keptMessage(1, { to: 'Nobody' }));
    const left = expect(said).rejects.toMatchObject({ code: 'outbox/kept' });
    await before.notes.atLeast(1);
    await before.client.close();
    await left;

    const { notes, warnings } = await joined({ outbox: { file } }, 'Forgotten');

    expect(await notes.atLeast(1)).toMatchObject([{ what: 'refused', to: ['Nobody'], payload: 1 }]);
    expect(await warnings.first()).toMatchObject({ code: 'message/unknown-recipient' });
  });

  it('is one agent’s at a time', async () => {
    const { client } = await joined({ outbox: { file } });
    const second = anAgent({ outbox: { store: fileOutbox(file) } });
    await expect(second.client.connect()).rejects.toMatchObject({ code: 'outbox/in-use' });
    await client.close();
    await second.client.connect();
  });
});

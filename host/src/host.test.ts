// A host for its owner: folders, ports, owners, restarts. The recordings test its answers to clients.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { bundleModule } from './guest/testing/bundle-module.ts';
import { startHost, type Host, type HostOptions } from './host.ts';
import { identityToHex } from './sats/hex.ts';
import { BsatnWriter } from './sats/writer.ts';

const MODULE = `
  import { schema, table, t } from 'spacetimedb/server';
  const db = schema({ note: table({ public: true }, { id: t.u32().primaryKey(), text: t.string() }) });
  export default db;
  export const add = db.reducer({ id: t.u32(), text: t.string() }, (ctx, row) => { ctx.db.note.insert(row); });
  export const nothing = db.reducer(() => {});
`;
const bundle = new TextEncoder().encode(bundleModule(MODULE));

const hosts: Host[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function start(options: HostOptions = { inMemory: true }): Promise<Host> {
  const host = await startHost(options);
  hosts.push(host);
  return host;
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agora-host-'));
  folders.push(folder);
  return folder;
}

function post(host: Host, path: string, body: string | Uint8Array<ArrayBuffer>, token?: string, method = 'POST') {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return fetch(`${host.url}/v1/database${path}`, { method, headers, body });
}

/** The texts of the notes of a database, by SQL. */
async function notes(host: Host, database: string): Promise<unknown> {
  const [result] = (await (await post(host, `/${database}/sql`, 'SELECT text FROM note')).json()) as {
    rows: unknown;
  }[];
  return result?.rows;
}

/** A client that has received its identity. */
async function connect(host: Host, database: string, options: ClientOptions = {}, query = ''): Promise<WebSocket> {
  const url = `${host.url.replace('http', 'ws')}/v1/database/${database}/subscribe${query}`;
  const socket = new WebSocket(url, ['v3.bsatn.spacetimedb'], options);
  await once(socket, 'message');
  return socket;
}

function callNothing(times: number): Uint8Array {
  const writer = new BsatnWriter();
  for (let call = 0; call < times; call++) writer.u8(3).u32(call).u8(0).string('nothing').u32(0);
  return writer.finish();
}

describe('a host', () => {
  test('publishes in the same process, and again without losing rows', async () => {
    const host = await start();
    expect(await host.publish('notes', bundle)).toMatchObject({ name: 'notes', operation: 'created' });
    await post(host, '/notes/call/add', '[1,"one"]');
    expect(await host.publish('notes', bundle)).toMatchObject({ operation: 'updated' });
    expect(await notes(host, 'notes')).toEqual([['one']]);
    expect(host.database('notes')?.database.owner).toBe(host.owner.identity);
    expect(host.database('nothing')).toBeUndefined();
  });

  test('keeps databases, their names, keys and owners across a restart', async () => {
    const dataDir = createFolder();
    const before = await startHost({ dataDir });
    const { identity } = await before.publish('notes', bundle);
    await before.publish('more-notes', bundle);
    await post(before, '/notes/call/add', '[1,"one"]');
    await before.close();
    await before.close();

    const after = await start({ dataDir });
    expect(after.owner).toEqual(before.owner);
    expect(after.database('notes')?.identity).toBe(identity);
    expect(await notes(after, 'notes')).toEqual([['one']]);
    expect(await notes(after, 'more-notes')).toEqual([]);
    const owned = await fetch(`${after.url}/v1/identity/${identityToHex(after.owner.identity)}/databases`);
    expect(((await owned.json()) as { identities: string[] }).identities).toHaveLength(2);
  });

  test('keeps its keys from other users', async () => {
    const dataDir = createFolder();
    await start({ dataDir });
    for (const file of ['token-key.pem', 'owner-token']) {
      expect(statSync(join(dataDir, 'keys', file)).mode & 0o777).toBe(0o600);
    }
  });

  test('reports a folder or port in use', async () => {
    const dataDir = createFolder();
    await start({ dataDir });
    await expect(startHost({ dataDir })).rejects.toMatchObject({ code: 'storage/folder-in-use' });

    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const elsewhere = createFolder();
    await expect(startHost({ dataDir: elsewhere, port })).rejects.toMatchObject({ code: 'host/port-in-use' });
    other.close();
    // The failed start has released its folder.
    await start({ dataDir: elsewhere });
  });

  test('disconnects its clients when it closes', async () => {
    const host = await start();
    await host.publish('notes', bundle);
    const client = await connect(host, 'notes');
    const closed = once(client, 'close');
    await host.close();
    expect((await closed).map(String)).toEqual(['1001', 'module exited']);
  });

  test('allows only the owner of a database to name it', async () => {
    const host = await start();
    await host.publish('notes', bundle);
    expect((await post(host, '/notes/names', 'mine')).status).toBe(403);
    expect((await post(host, '/notes/names', 'ours', host.owner.token)).status).toBe(200);
    expect(host.database('ours')).toBe(host.database('notes'));
    expect((await post(host, '/notes/names', 'ours', host.owner.token)).status).toBe(500);
  });

  test('leaves no database behind when a module cannot be loaded', async () => {
    const host = await start();
    const broken = new TextEncoder().encode('export default {');
    await expect(host.publish('broken', broken)).rejects.toMatchObject({ code: 'guest/invalid' });
    expect(host.database('broken')).toBeUndefined();
    expect(await host.publish('broken', bundle)).toMatchObject({ operation: 'created' });
  });

  test('deletes a database, whose name can be published again', async () => {
    const host = await start();
    const { identity } = await host.publish('notes', bundle);
    await post(host, '/notes/call/add', '[1,"one"]');
    expect((await post(host, '/notes', '', host.owner.token, 'DELETE')).status).toBe(200);
    expect((await post(host, '/notes/call/add', '[2,"two"]')).status).toBe(404);
    expect(await host.publish('notes', bundle)).toMatchObject({ identity, operation: 'created' });
    expect(await notes(host, 'notes')).toEqual([]);
  });

  test('drops a client that does not read, and reports the reason', async () => {
    const reports: string[] = [];
    const host = await start({ inMemory: true, limits: { maxMessages: 100 }, log: line => reports.push(line) });
    await host.publish('notes', bundle);
    const reader = await connect(host, 'notes');
    reader.send(new BsatnWriter().u8(0).u32(0).u32(1).u32(1).string('SELECT * FROM note').finish());
    await once(reader, 'message');
    reader.pause();
    const text = 'x'.repeat(100_000);
    const ended = once(reader, 'close');
    for (let id = 0; reports.length === 0 && id < 2000; id++) {
      await post(host, '/notes/call/add', JSON.stringify([id, text]));
    }
    expect(reports.join()).toMatch(/was dropped: slow consumer: more than 100 messages/);
    reader.resume();
    expect((await ended)[0]).toBe(1006);
  });

  test('answers any number of calls sent without waiting', async () => {
    const host = await start();
    await host.publish('notes', bundle);
    const client = await connect(host, 'notes');
    const calls = 50_000;
    let answers = 0;
    const all = new Promise<void>(resolve => {
      client.on('message', data => {
        answers += ((data as Buffer).length - 1) / 22;
        if (answers === calls) resolve();
      });
    });
    for (let sent = 0; sent < calls; sent += 5000) client.send(callNothing(5000));
    await all;
    client.terminate();
  });

  test('refuses the connection id of a connected client', async () => {
    const host = await start();
    await host.publish('notes', bundle);
    const id = 'ab'.repeat(16);
    const first = await connect(host, `notes`, {}, `?connection_id=${id}`);
    await expect(connect(host, 'notes', {}, `?connection_id=${id}`)).rejects.toThrow('400');
    first.terminate();
    await once(first, 'close');
    await expect.poll(() => host.database('notes')?.clients.isConnected(BigInt(`0x${id}`))).toBe(false);
    (await connect(host, 'notes', {}, `?connection_id=${id}`)).terminate();
  });

  test('keeps a quiet client that answers pings, and drops one that does not', async () => {
    const reports: string[] = [];
    const limits = { pingEveryMs: 30, silentMs: 100 };
    const host = await start({ inMemory: true, limits, log: line => reports.push(line) });
    await host.publish('notes', bundle);
    const there = await connect(host, 'notes');
    const gone = await connect(host, 'notes', { autoPong: false });
    expect((await once(gone, 'close'))[0]).toBe(1006);
    await expect.poll(() => reports.join()).toMatch(/was dropped: silent for more than 100 ms$/);
    expect(there.readyState).toBe(WebSocket.OPEN);
    there.terminate();
  });

  test('follows the log of a module for its owner', async () => {
    const host = await start();
    await host.publish('notes', bundle);
    const stop = new AbortController();
    const answer = await fetch(`${host.url}/v1/database/notes/logs?num_lines=0&follow=true`, {
      headers: { authorization: `Bearer ${host.owner.token}` },
      signal: stop.signal,
    });
    const reader = answer.body?.getReader();
    host.database('notes')?.database.log.addSystem('Warn', 'look here');
    const part = await reader?.read();
    expect(new TextDecoder().decode(part?.value as Uint8Array)).toContain('"message":"look here"');
    stop.abort();
  });
});

// Each limit of a host that a client can exceed, and the answer that it gets.

import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { bundleModule } from '../guest/testing/bundle-module.ts';
import { startHost, type Host } from '../host.ts';
import { BsatnWriter } from '../sats/writer.ts';
import type { HostLimits } from './host-limits.ts';

const MODULE = `
  import { schema, table, t } from 'spacetimedb/server';
  const db = schema({ note: table({ public: true }, { id: t.u32().primaryKey(), text: t.string() }) });
  export default db;
  export const add = db.reducer({ id: t.u32(), text: t.string() }, (ctx, row) => { ctx.db.note.insert(row); });
  export const forever = db.reducer(ctx => { ctx.db.note.insert({ id: 1, text: 'never' }); for (;;); });
  export const say = db.reducer({ text: t.string() }, (_ctx, { text }) => { console.warn(text); });
`;
const bundle = new TextEncoder().encode(bundleModule(MODULE));

const hosts: Host[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

async function start(limits: Partial<HostLimits>, log: (line: string) => void = () => undefined): Promise<Host> {
  const host = await startHost({ limits, log });
  hosts.push(host);
  await host.publish('notes', bundle);
  return host;
}

async function connect(host: Host): Promise<WebSocket> {
  const socket = new WebSocket(`${host.url.replace('http', 'ws')}/v1/database/notes/subscribe`, 'v3.bsatn.spacetimedb');
  await once(socket, 'message');
  return socket;
}

const closeOf = (socket: WebSocket) =>
  once(socket, 'close').then(([code, reason]) => `${code as number} ${String(reason)}`);
const nextText = (socket: WebSocket) => once(socket, 'message').then(([data]) => (data as Buffer).toString('latin1'));

const subscribe = (set: number, ...queries: string[]) => {
  const writer = new BsatnWriter().u8(0).u32(set).u32(set).u32(queries.length);
  for (const query of queries) writer.string(query);
  return writer.finish();
};
const call = (name: string, args: Uint8Array = new Uint8Array()) =>
  new BsatnWriter().u8(3).u32(7).u8(0).string(name).u32(args.length).raw(args).finish();
const QUERY = 'SELECT * FROM note';

function send(host: Host, path: string, body: string | Uint8Array, method = 'POST') {
  const headers = { authorization: `Bearer ${host.owner.token}`, 'content-type': 'application/json' };
  return fetch(`${host.url}${path}`, { method, headers, body: Buffer.from(body) });
}

describe('limits of a connection', () => {
  test('a frame that is too long closes its connection with 1009, and no other', async () => {
    const host = await start({ maxFrameBytes: 1000 });
    const [loud, calm] = [await connect(host), await connect(host)];
    loud.send(new Uint8Array(1001));
    expect(await closeOf(loud)).toBe('1009 ');
    calm.send(subscribe(1, QUERY));
    await nextText(calm);
    calm.terminate();
  });

  test('a query set or query too many is refused by name, until another one is removed', async () => {
    const host = await start({ maxQuerySets: 2, maxQueries: 3 });
    const client = await connect(host);
    client.send(subscribe(1, QUERY));
    await nextText(client);
    client.send(subscribe(2, QUERY, `${QUERY} WHERE id = 1`, `${QUERY} WHERE id = 2`));
    expect(await nextText(client)).toContain('a connection may have 3 queries; unsubscribe some');
    client.send(subscribe(2, QUERY));
    await nextText(client);
    client.send(subscribe(3, QUERY));
    expect(await nextText(client)).toContain('a connection may have 2 query sets; unsubscribe one');
    client.send(new BsatnWriter().u8(1).u32(9).u32(1).u8(0).finish());
    await nextText(client);
    client.send(subscribe(3, QUERY));
    expect(await nextText(client)).not.toContain('unsubscribe');
    client.terminate();
  });

  test('too many waiting requests close it with 1013', async () => {
    const host = await start({ maxRequests: 10 });
    const client = await connect(host);
    client.send(Buffer.concat(Array.from({ length: 11 }, () => call('nothing'))));
    expect(await closeOf(client)).toBe('1013 too many requests');
  });
});

describe('limits of all connections together', () => {
  const token = (host: Host) => ({ authorization: `Bearer ${host.mint().token}` });
  const open = async (host: Host, headers: Record<string, string> = {}) => {
    const url = `${host.url.replace('http', 'ws')}/v1/database/notes/subscribe`;
    const socket = new WebSocket(url, 'v3.bsatn.spacetimedb', { headers });
    await once(socket, 'message');
    return socket;
  };

  test('the connection with the largest unfinished message is dropped, and the others are served', async () => {
    const reports: string[] = [];
    const host = await start({ maxHeldBytes: 3_000_000 }, line => reports.push(line));
    const [large, small] = [await open(host), await open(host)];
    const closed = closeOf(large);
    small.send(new Uint8Array(500_000), { fin: false });
    for (let parts = 0; parts < 6; parts++) large.send(new Uint8Array(500_000), { fin: false });
    expect(await closed).toBe('1006 ');
    await expect.poll(() => reports.join()).toMatch(/was dropped: it held \d{7} bytes, the most of all connections/);
    expect(small.readyState).toBe(WebSocket.OPEN);
    small.terminate();
  });

  test('decompressed parts of a message count with their full size', async () => {
    const reports: string[] = [];
    const host = await startHost({
      limits: { maxHeldBytes: 3_000_000 },
      compression: 'always',
      log: line => reports.push(line),
    });
    hosts.push(host);
    await host.publish('notes', bundle);
    const client = await open(host);
    const closed = closeOf(client);
    // 3.9 MB of zeros are 4 kB on the wire, in one part that has no successor.
    client.send(new Uint8Array(3_900_000), { fin: false, compress: true });
    expect(await closed).toBe('1006 ');
    await expect.poll(() => reports.join()).toMatch(/was dropped: it held 39\d{5} bytes/);
  });

  test('a client that does not read its answers is dropped', async () => {
    const host = await start({ maxHeldBytes: 4_000_000 });
    for (let id = 0; id < 20; id++) await send(host, '/v1/database/notes/call/add', `[${id},"${'x'.repeat(100_000)}"]`);
    const reader = await open(host);
    reader.pause();
    for (let set = 1; set <= 20; set++) reader.send(subscribe(set, QUERY));
    await expect.poll(() => host.database('notes')?.clients.count, { timeout: 5000 }).toBe(0);
    reader.terminate();
  });

  test('bodies of HTTP requests count too', async () => {
    const reports: string[] = [];
    const host = await start({ maxHeldBytes: 3_000_000 }, line => reports.push(line));
    const sockets = Array.from({ length: 3 }, () => connectSocket(host.port, '127.0.0.1'));
    const closed = Promise.race(
      sockets.map(socket =>
        once(
          socket.on('error', () => undefined),
          'close',
        ),
      ),
    );
    for (const socket of sockets) {
      const head = 'POST /v1/database/notes/sql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n\r\n';
      socket.write(head + 'x'.repeat(1_500_000));
    }
    await closed;
    expect(reports.join()).toMatch(/a request to \/v1\/database\/notes\/sql was dropped: it held \d{7} bytes/);
    for (const socket of sockets) socket.destroy();
  });

  test('a client without a token sends short frames only', async () => {
    const host = await start({ maxNewcomerFrameBytes: 1000 });
    const [newcomer, known] = [await open(host), await open(host, token(host))];
    newcomer.send(new Uint8Array(1001));
    expect(await closeOf(newcomer)).toBe('1009 ');
    const text = 'x'.repeat(1000);
    known.send(call('add', new BsatnWriter().u32(1).string(text).finish()));
    await nextText(known);
    const sql = await send(host, '/v1/database/notes/sql', 'SELECT COUNT(*) AS n FROM note');
    expect(await sql.json()).toMatchObject([{ rows: [[1]] }]);
    known.terminate();
  });
});

describe('limits of queries', () => {
  const EXPENSIVE = 'SELECT COUNT(*) AS n FROM note a JOIN note b';
  const fill = async (host: Host) => {
    for (let id = 0; id < 50; id++) await send(host, '/v1/database/notes/call/add', `[${id},"${'x'.repeat(100)}"]`);
  };
  const ask = (host: Host, sql: string) =>
    fetch(`${host.url}/v1/database/notes/sql`, { method: 'POST', body: sql }).then(async answer => ({
      status: answer.status,
      text: await answer.text(),
    }));

  test('apply to all callers but the owner', async () => {
    const host = await start({ maxQueryRows: 1000, maxResultBytes: 1000 });
    await fill(host);
    expect(await ask(host, EXPENSIVE)).toEqual({
      status: 400,
      text: 'The query reads more than 1000 rows: ask for fewer rows',
    });
    expect((await ask(host, 'SELECT * FROM note')).text).toContain('returns more than 1000 bytes');
    expect((await send(host, '/v1/database/notes/sql', EXPENSIVE)).status).toBe(200);
    const client = await connect(host);
    client.send(subscribe(1, QUERY));
    expect(await nextText(client)).toContain('The query returns more than 1000 bytes: ask for fewer rows');
    client.send(subscribe(2, `${QUERY} WHERE id = 1`));
    expect(await nextText(client)).not.toContain('ask for fewer rows');
    client.terminate();
  });
});

describe('limits of a call', () => {
  test('a reducer that does not end is an internal error for its caller, and other clients continue', async () => {
    const host = await start({ callMs: 100 });
    const [caller, other] = [await connect(host), await connect(host)];
    const args = new BsatnWriter().u32(5).string('five').finish();
    caller.send(Buffer.concat([call('forever'), call('add', args)]));
    other.send(subscribe(1, QUERY));
    const answers = nextText(caller);
    await nextText(other);
    expect(await answers).toContain('The instance encountered a fatal error.');
    const sql = await send(host, '/v1/database/notes/sql', 'SELECT id, text FROM note');
    expect(await sql.json()).toMatchObject([{ rows: [[5, 'five']] }]);
    const logs = await (await fetch(`${host.url}/v1/database/notes/logs`, { headers: authorization(host) })).text();
    expect(logs).toContain('the module was stopped: it ran for more than 100 ms');
    caller.terminate();
    other.terminate();
  });

  test('apply over HTTP too', async () => {
    const host = await start({ callMs: 100 });
    expect((await send(host, '/v1/database/notes/call/forever', '[]')).status).toBe(530);
    expect((await send(host, '/v1/database/notes/call/add', '[1,"one"]')).status).toBe(200);
  });
});

describe('limits of the server', () => {
  test('a connection too many is answered with 503 and a reason, until another one ends', async () => {
    const host = await start({ maxConnections: 2 });
    const [first, second] = [await connect(host), await connect(host)];
    expect(await firstLine(host)).toBe('HTTP/1.1 503 Service Unavailable');
    first.terminate();
    await expect.poll(() => firstLine(host)).toBe('HTTP/1.1 200 OK');
    second.terminate();
  });

  test('a connection too many from one address is answered with 503', async () => {
    const host = await start({ maxConnectionsPerAddress: 1 });
    const client = await connect(host);
    expect(await firstLine(host)).toBe('HTTP/1.1 503 Service Unavailable');
    client.terminate();
  });

  test('a body that is too long is answered with 413, headers with 431', async () => {
    const host = await start({ maxBodyBytes: 100, maxHeaderBytes: 2000 });
    expect((await send(host, '/v1/database/notes/call/add', `[1,"${'x'.repeat(100)}"]`)).status).toBe(413);
    const answer = await fetch(`${host.url}/v1/ping`, { headers: { 'x-long': 'x'.repeat(3000) } });
    expect(answer.status).toBe(431);
  });

  test('a bundle that is too long is answered with 413', async () => {
    const host = await start({ maxBundleBytes: 100 });
    const path = '/v1/database/other?host_type=Js';
    expect((await send(host, path, bundle, 'PUT')).status).toBe(413);
  });

  test('a client that does not finish its headers is answered with 408', async () => {
    const host = await start({ headersTimeoutMs: 100 });
    const socket = connectSocket(host.port, '127.0.0.1');
    socket.write('GET /v1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  test('a database too many is refused, until one is deleted', async () => {
    const host = await start({ maxDatabases: 1 });
    await expect(host.publish('more', bundle)).rejects.toThrow('this host has room for 1 databases');
    expect((await send(host, '/v1/database/notes', '', 'DELETE')).status).toBe(200);
    expect(await host.publish('more', bundle)).toMatchObject({ operation: 'created' });
  });
});

function authorization(host: Host): Record<string, string> {
  return { authorization: `Bearer ${host.owner.token}` };
}

/** The first line of the answer to a ping on a separate socket. */
async function firstLine(host: Host): Promise<string> {
  const socket = connectSocket(host.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET /v1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const [data] = (await once(socket, 'data')) as [Buffer];
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
  return data.toString().split('\r\n')[0] ?? '';
}

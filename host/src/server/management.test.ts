// Management requests of tools: names, resets, locks, unsupported features, metrics, and stopping.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { bundleModule } from '../guest/testing/bundle-module.ts';
import { startHost, type Host, type HostOptions } from '../host.ts';

const MODULE = `
  import { schema, table, t } from 'spacetimedb/server';
  const db = schema({ note: table({ public: true }, { id: t.u32().primaryKey(), text: t.string() }) });
  export default db;
  export const add = db.reducer({ id: t.u32(), text: t.string() }, (ctx, row) => {
    ctx.db.note.insert(row);
    console.warn('added ' + row.text);
  });
`;
const bundle = new TextEncoder().encode(bundleModule(MODULE));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: HostOptions = {}): Promise<Host> {
  const host = await startHost(options);
  closing.push(() => host.close());
  if (!host.database('notes')) await host.publish('notes', bundle);
  return host;
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agora-manage-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

function send(
  host: Pick<Host, 'url'>,
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  token?: string,
) {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return fetch(`${host.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}
const asOwner = (host: Host, method: string, path: string, body?: string | Uint8Array<ArrayBuffer>) =>
  send(host, method, path, body, host.owner.token);
const rowsOf = async (host: Host) => {
  const answer = await asOwner(host, 'POST', '/v1/database/notes/sql', 'SELECT text FROM note');
  return ((await answer.json()) as { rows: unknown }[])[0]?.rows;
};

describe('names', () => {
  test('are replaced by the owner, which frees the old ones', async () => {
    const host = await start();
    const answer = await asOwner(host, 'PUT', '/v1/database/notes/names', '["pages","leaves"]');
    expect([answer.status, await answer.text()]).toEqual([200, '"Success"']);
    expect(host.database('pages')).toBe(host.database('leaves'));
    expect(host.database('notes')).toBeUndefined();
    expect(await host.publish('notes', bundle)).toMatchObject({ operation: 'created' });
  });

  test('are refused if they are taken, invalid, or of another owner', async () => {
    const host = await start();
    await host.publish('taken', bundle);
    const put = async (body: string, token?: string) =>
      (await send(host, 'PUT', '/v1/database/notes/names', body, token)).status;
    expect(await put('["mine"]')).toBe(403);
    expect(await put('["taken"]', host.owner.token)).toBe(500);
    expect(await put('["No Name"]', host.owner.token)).toBe(400);
    expect(await put('[]', host.owner.token)).toBe(400);
    expect(await put('{', host.owner.token)).toBe(400);
    expect(host.database('notes')).toBeDefined();
  });
});

describe('a reset', () => {
  test('drops all rows and keeps name, identity and module, or installs another module', async () => {
    const host = await start();
    const identity = host.database('notes')?.identity;
    await asOwner(host, 'POST', '/v1/database/notes/call/add', '[1,"one"]');
    expect((await send(host, 'PUT', '/v1/database/notes/reset?host_type=Js')).status).toBe(403);
    expect((await asOwner(host, 'PUT', '/v1/database/notes/reset?host_type=Js')).status).toBe(200);
    expect(await rowsOf(host)).toEqual([]);
    expect((await asOwner(host, 'PUT', '/v1/database/notes/reset?host_type=Js', bundle)).status).toBe(200);
    expect((await asOwner(host, 'PUT', '/v1/database/notes?host_type=Js&clear=true', bundle)).status).toBe(200);
    expect(host.database('notes')?.identity).toBe(identity);
  });
});

test('a locked database is not deleted until it is unlocked', async () => {
  const host = await start();
  expect((await send(host, 'POST', '/v1/database/notes/lock')).status).toBe(403);
  expect((await asOwner(host, 'POST', '/v1/database/notes/lock')).status).toBe(200);
  expect((await asOwner(host, 'DELETE', '/v1/database/notes')).status).toBe(403);
  expect((await asOwner(host, 'POST', '/v1/database/notes/unlock')).status).toBe(200);
  expect((await asOwner(host, 'DELETE', '/v1/database/notes')).status).toBe(200);
});

test('a deleted database leaves no file', async () => {
  const dataDir = createFolder();
  const host = await start({ dataDir });
  const files = () => ['databases', 'logs', 'cache'].map(folder => readdirSync(join(dataDir, folder)).length);
  expect(files()).toEqual([1, 1, 1]);
  expect((await asOwner(host, 'DELETE', '/v1/database/notes')).status).toBe(200);
  expect(files()).toEqual([0, 0, 0]);
});

test('a lock outlasts the host', async () => {
  const dataDir = createFolder();
  const host = await start({ dataDir });
  await asOwner(host, 'POST', '/v1/database/notes/lock');
  await host.close();
  const next = await start({ dataDir });
  expect((await asOwner(next, 'DELETE', '/v1/database/notes')).status).toBe(403);
  await asOwner(next, 'POST', '/v1/database/notes/unlock');
  expect((await asOwner(next, 'DELETE', '/v1/database/notes')).status).toBe(200);
});

describe('unsupported features are refused by name', () => {
  test.each([
    ['parent=x', 'this host knows no parent databases: leave it out'],
    ['organization=x', 'this host knows no organizations: leave it out'],
    ['num_replicas=3', 'this host keeps one copy: num_replicas must be 1'],
  ])('when publishing with %s', async (query, sentence) => {
    const host = await start();
    const answer = await asOwner(host, 'PUT', `/v1/database/more?host_type=Js&${query}`, bundle);
    expect([answer.status, await answer.text()]).toEqual([400, sentence]);
  });

  test('when publishing a WebAssembly module', async () => {
    const host = await start();
    const answer = await asOwner(host, 'PUT', '/v1/database/more', bundle);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      'this host runs JavaScript modules only: publish with host_type=Js',
    ]);
  });

  const library = `import { schema, table, t } from 'spacetimedb/server';
    const note = table({ public: true }, { id: t.u32().primaryKey() });
    const db = schema({ note });
    export default db;`;
  test.each([
    [
      'row-level rules that cannot be kept',
      `${library} export const rule = db.clientVisibilityFilter.sql('SELECT id FROM note');`,
      /row-level rule `SELECT id FROM note` cannot be kept/,
    ],
    ['an await at the top', `${library} await 1;`, /await outside of a function is not available in modules/],
    [
      'an older interface',
      `import { register_hooks } from 'spacetime:sys@1.0'; register_hooks({}); ${library}`,
      /spacetime:sys@1\.0/,
    ],
    [
      'a newer interface',
      `import * as sys from 'spacetime:sys@9.0'; export const x = sys; ${library}`,
      /spacetime:sys@9\.0/,
    ],
  ])('when a module has %s', async (_what, source, sentence) => {
    const host = await start();
    const broken = new TextEncoder().encode(bundleModule(source));
    await expect(host.publish('more', broken)).rejects.toThrow(sentence);
    expect(host.database('more')).toBeUndefined();
  });
});

describe('metrics', () => {
  test('are served for Prometheus, with the counted values', async () => {
    const host = await start();
    await asOwner(host, 'POST', '/v1/database/notes/call/add', '[1,"one"]');
    const socket = new WebSocket(
      `${host.url.replace('http', 'ws')}/v1/database/notes/subscribe`,
      'v3.bsatn.spacetimedb',
    );
    await once(socket, 'message');
    for (const path of ['/metrics', '/v1/metrics']) {
      const answer = await send(host, 'GET', path);
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const text = await answer.text();
      expect(text).toMatch(/^agora_host_clients\{database="[0-9a-f]{64}"\} 1$/m);
      expect(text).toMatch(/^agora_host_rows\{database="[0-9a-f]{64}"\} 1$/m);
      expect(text).toMatch(/^agora_host_connections \d+$/m);
      expect(text).toMatch(/^agora_host_http_responses_total\{status="2xx"\} \d+$/m);
      expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    }
    socket.terminate();
  });

  test('contain no secrets', async () => {
    const host = await start();
    const text = await (await send(host, 'GET', '/metrics', undefined, host.owner.token)).text();
    expect(text).not.toContain(host.owner.token);
  });

  test('health and energy are answered', async () => {
    const host = await start();
    expect(await (await send(host, 'GET', '/health')).json()).toMatchObject({ schedulable: true, databases: 1 });
    const who = '00'.repeat(32);
    expect(await (await send(host, 'GET', `/v1/energy/${who}`)).json()).toEqual({ balance: '0' });
    expect((await send(host, 'GET', '/v1/energy/nobody')).status).toBe(400);
  });
});

describe('the log of a module', () => {
  test('survives a restart, and is deleted with its database', async () => {
    const dataDir = createFolder();
    const before = await start({ dataDir });
    await asOwner(before, 'POST', '/v1/database/notes/call/add', '[1,"one"]');
    await before.close();
    const after = await start({ dataDir });
    const read = async () => (await asOwner(after, 'GET', '/v1/database/notes/logs')).text();
    expect(await read()).toContain('added one');
    expect(await read()).not.toContain(after.owner.token);
    await asOwner(after, 'DELETE', '/v1/database/notes');
    await after.publish('notes', bundle);
    expect(await read()).not.toContain('added one');
  });

  test('ends its followers when the host closes', async () => {
    const host = await start();
    const answer = await asOwner(host, 'GET', '/v1/database/notes/logs?num_lines=0&follow=true');
    const text = answer.text();
    await host.close();
    expect(await text).toBe('');
  });
});

describe('the host as a program', () => {
  async function run(...flags: string[]): Promise<{ child: ChildProcess; url: string; said: string[] }> {
    const main = join(import.meta.dirname, '../main.ts');
    const child = spawn(process.execPath, [main, '--port', '0', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    closing.push(() => child.kill('SIGKILL'));
    const said: string[] = [];
    createInterface(child.stderr).on('line', line => said.push(line));
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { child, url: line.replace('listening on ', ''), said };
  }

  test('stops gracefully on SIGTERM: clients get the reason, and the log is JSON by option', async () => {
    const { child, url, said } = await run('--in-memory', '--log', 'json', '--allow-publish', 'local');
    expect((await send({ url }, 'PUT', '/v1/database/notes?host_type=Js', bundle)).status).toBe(200);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/database/notes/subscribe`, 'v3.bsatn.spacetimedb');
    await once(socket, 'message');
    const closed = once(socket, 'close');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await closed).map(String)).toEqual(['1001', 'module exited']);
    expect(await ended).toEqual([0, null]);
    expect(said.map(line => (JSON.parse(line) as { message: string }).message)).toEqual([
      expect.stringMatching(/^warning: every program on this machine may publish modules/),
      'stopping, because of SIGTERM',
      'stopped',
    ]);
  });

  test.each([
    [['--log', 'xml'], '--log takes text or json, not "xml"'],
    [['--call-ms', 'soon'], '--call-ms takes a number, not "soon"'],
    [['--allow-publish', 'all'], '--allow-publish takes owner, local, anyone, not "all"'],
    [
      ['--allow-origin', 'a.test/x'],
      '--allow-origin takes an origin such as https://app.example, or *, not "a.test/x"',
    ],
  ])('refuses %s with a sentence', async (flags, sentence) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), ...flags]);
    const lines: string[] = [];
    createInterface(child.stderr).on('line', line => lines.push(line));
    expect((await once(child, 'close'))[0]).toBe(2);
    expect(lines).toEqual([sentence]);
  });
});

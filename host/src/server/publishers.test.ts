// Who may publish, reset, name, lock and delete databases.

import { createServer, request as httpRequest, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { bundleModule } from '../guest/testing/bundle-module.ts';
import { startHost, type Host, type HostOptions } from '../host.ts';
import { identityToHex } from '../sats/hex.ts';

const bundle = Buffer.from(
  bundleModule(`
    import { schema, table, t } from 'spacetimedb/server';
    export default schema({ note: table({ public: true }, { id: t.u32().primaryKey() }) });
  `),
);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: HostOptions = {}): Promise<Host> {
  const host = await startHost(options);
  closing.push(() => host.close());
  return host;
}

async function send(url: string, method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${url}/v1/database${path}`, {
    method,
    headers,
    ...(method !== 'DELETE' && { body: path.includes('host_type') ? bundle : 'other' }),
  });
  await answer.text();
  return answer.status;
}
const PUBLISH = ['PUT', '/notes?host_type=Js'] as const;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const FORWARDED = { 'x-forwarded-for': '192.0.2.2' };

/** A reverse proxy on this machine. */
async function startProxy(target: string): Promise<string> {
  const server: Server = createServer((request, response) => {
    const headers = { ...request.headers, 'x-forwarded-for': '192.0.2.2' };
    const passed = httpRequest(target + (request.url ?? ''), { method: request.method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('by default', () => {
  test('only the owner of the host publishes', async () => {
    const host = await start();
    const { url, owner } = host;
    expect(await send(url, ...PUBLISH)).toBe(403);
    expect(await send(url, 'POST', '?host_type=Js')).toBe(403);
    expect(await send(url, ...PUBLISH, bearer(host.mint('stranger').token))).toBe(403);
    expect(await send(url, ...PUBLISH, bearer(owner.token))).toBe(200);
    expect(await send(await startProxy(url), ...PUBLISH, bearer(owner.token))).toBe(200);
  });

  test('a caller that may not publish is refused before its module is read', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/v1/database/notes?host_type=Js`, { method: 'PUT', body: bundle });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(
      /^c200[0-9a-f]{60} may not publish here: only the owner of this host does \(its token is in keys\/owner-token/,
    );
  });
});

test('`local` lets programs on this machine publish, but no pages and nothing behind a proxy', async () => {
  const lines: string[] = [];
  const { url } = await start({ allowPublish: 'local', allowOrigins: ['*'], log: line => lines.push(line) });
  expect(lines).toEqual([expect.stringMatching(/^warning: every program on this machine may publish/)]);
  expect(await send(url, ...PUBLISH, { origin: url })).toBe(403);
  for (const name of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip']) {
    expect([name, await send(url, ...PUBLISH, { [name]: '192.0.2.2' })]).toEqual([name, 403]);
  }
  expect(await send(await startProxy(url), ...PUBLISH)).toBe(403);
  expect(await send(url, ...PUBLISH)).toBe(200);
});

test('`anyone` lets every caller publish, with a warning', async () => {
  const lines: string[] = [];
  const { url } = await start({ allowPublish: 'anyone', log: line => lines.push(line) });
  expect(lines).toEqual([expect.stringMatching(/^warning: everyone who can connect may publish/)]);
  expect(await send(url, ...PUBLISH, FORWARDED)).toBe(200);
});

test('the owner of a database must also be allowed to publish, to change it in any way', async () => {
  const host = await start({ allowPublish: 'local' });
  const { url } = host;
  const stranger = host.mint('stranger');
  expect(await send(url, ...PUBLISH, bearer(stranger.token))).toBe(200);
  const path = `/${identityToHex(host.database('notes')?.identity ?? 0n)}`;
  const requests = [
    ['PUT', `${path}?host_type=Js`],
    ['PUT', `${path}/reset?host_type=Js`],
    ['POST', `${path}/pre_publish?host_type=Js`],
    ['POST', `${path}/names`],
    ['POST', `${path}/lock`],
    ['POST', `${path}/unlock`],
    ['DELETE', path],
  ] as const;
  for (const [method, target] of requests) {
    expect([target, await send(url, method, target, { ...bearer(stranger.token), ...FORWARDED })]).toEqual([
      target,
      403,
    ]);
  }
  for (const [method, target] of requests) {
    expect([target, await send(url, method, target, bearer(stranger.token))]).toEqual([target, 200]);
  }
});

// Routes of other packages on the port of a host.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startHost, type Host, type HostOptions } from '../host.ts';
import type { HostRoute } from './mounts.ts';

const hosts: Host[] = [];
const reports: string[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  reports.length = 0;
});

async function start(routes: HostOptions['routes']): Promise<Host> {
  const host = await startHost({ log: line => reports.push(line), ...(routes && { routes }) });
  hosts.push(host);
  return host;
}

const textRoute = (path: string, more: Partial<HostRoute> = {}): HostRoute => ({
  path,
  handle: async request => new Response(`${path}: ${request.method} ${await request.text()}`),
  ...more,
});
const textOf = async (answer: Response | Promise<Response>) => {
  const { status } = await answer;
  return `${status} ${await (await answer).text()}`;
};

describe('a mounted route', () => {
  test('serves its path and those below it, the longest path first', async () => {
    const { url } = await start([textRoute('/'), textRoute('/app'), textRoute('/app/api')]);
    expect(await textOf(fetch(`${url}/app`))).toBe('200 /app: GET ');
    expect(await textOf(fetch(`${url}/app/page?x=1`))).toBe('200 /app: GET ');
    expect(await textOf(fetch(`${url}/app/api/2`, { method: 'POST', body: 'hi' }))).toBe('200 /app/api: POST hi');
    expect(await textOf(fetch(`${url}/apple`))).toBe('200 /: GET ');
  });

  test('serves no path of the host', async () => {
    const { url } = await start([textRoute('/')]);
    expect(await textOf(fetch(`${url}/v1/ping`))).toBe('200 ');
    for (const path of ['/v1/nothing', '/host/nothing', '/internal']) {
      expect(await textOf(fetch(url + path))).toBe('404 ');
    }
  });

  test.each(['/v1/own', '/health', 'name', '/name/', '/name?x', '/twice'])('cannot have the path %s', async path => {
    await expect(start([textRoute('/twice'), textRoute(path)])).rejects.toThrow(TypeError);
  });

  test('may be made for the host that it is mounted on', async () => {
    const { url } = await start(host => [{ path: '/url', handle: () => new Response(host.url) }]);
    expect(await textOf(fetch(`${url}/url`))).toBe(`200 ${url}`);
  });

  test('accepts its methods only, and HEAD with GET', async () => {
    const { url } = await start([textRoute('/read', { methods: ['GET'] })]);
    const refused = await fetch(`${url}/read`, { method: 'POST', body: 'x' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await fetch(`${url}/read`, { method: 'HEAD' })).status).toBe(200);
  });

  test('has its own limit of a body, for sent and for streamed lengths', async () => {
    const { url } = await start([textRoute('/small', { maxBodyBytes: 10 }), textRoute('/large')]);
    const post = (path: string, body: RequestInit['body']) =>
      fetch(url + path, { method: 'POST', body, duplex: 'half' }).then(({ status }) => status);
    const streamed = (length: number) => new Blob(['x'.repeat(length)]).stream();
    expect(await post('/small', 'x'.repeat(10))).toBe(200);
    expect(await post('/small', 'x'.repeat(11))).toBe(413);
    expect(await post('/small', streamed(10))).toBe(200);
    expect(await post('/small', streamed(11))).toBe(413);
    expect(await post('/large', 'x'.repeat(100_000))).toBe(200);
    expect(await post('/large', 'x'.repeat(3_000_000))).toBe(413);
  });

  test('reads the caller of a token as the host does', async () => {
    const host = await start([
      {
        path: '/who',
        handle: async (_, { authenticate, isLocal }) =>
          Response.json({ who: String((await authenticate())?.identity), isLocal }),
      },
    ]);
    const ask = (headers: Record<string, string>) => textOf(fetch(`${host.url}/who`, { headers }));
    const { token, identity } = host.mint('ada');
    expect(await ask({ authorization: `Bearer ${token}` })).toBe(`200 {"who":"${identity}","isLocal":true}`);
    expect(await ask({ 'x-forwarded-for': '192.0.2.2' })).toBe('200 {"who":"undefined","isLocal":false}');
    expect(await ask({ authorization: 'Bearer x' })).toMatch(/^401 Invalid token/);
  });

  test('sends a stream while it grows, and several cookies', async () => {
    let push: (text: string) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: controller => {
        push = text => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const headers: [string, string][] = [
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2; HttpOnly'],
    ];
    const { url } = await start([{ path: '/live', handle: () => new Response(body, { headers }) }]);
    const answer = await fetch(`${url}/live`);
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2; HttpOnly']);
    const reader = answer.body?.getReader();
    for (const part of ['one', 'two']) {
      push(part);
      expect(Buffer.from((await reader?.read())?.value as Uint8Array).toString()).toBe(part);
    }
    await reader?.cancel();
  });

  test('is notified when its client disconnects', async () => {
    const cancelled = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const body = () => new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
    const { url } = await start([
      {
        path: '/live',
        handle: request => {
          request.signal.addEventListener('abort', () => aborted.resolve());
          return new Response(body());
        },
      },
    ]);
    const leave = new AbortController();
    await fetch(`${url}/live`, { signal: leave.signal });
    leave.abort();
    await Promise.all([cancelled.promise, aborted.promise]);
  });

  test('that fails costs its own request only', async () => {
    const { url } = await start([
      textRoute('/well'),
      { path: '/throws', handle: () => Promise.reject(new Error('a secret')) },
      { path: '/nothing', handle: () => undefined as unknown as Response },
      { path: '/error', handle: () => Response.error() },
      {
        path: '/breaks',
        handle: () => new Response(new ReadableStream({ pull: () => Promise.reject(new Error('broken off')) })),
      },
    ]);
    expect(await textOf(fetch(`${url}/throws`))).toBe('500 Internal error');
    expect(await textOf(fetch(`${url}/nothing`))).toBe('500 Internal error');
    expect(await textOf(fetch(`${url}/error`))).toBe('500 Internal error');
    await expect(textOf(fetch(`${url}/breaks`))).rejects.toThrow();
    expect(await textOf(fetch(`${url}/well`))).toBe('200 /well: GET ');
    expect(reports.join('\n')).toMatch(/a secret[^]*broken off/);
  });

  test('closes before the host, with its streams', async () => {
    const events: string[] = [];
    const host = await start(running => [
      {
        path: '/live',
        handle: () => new Response(new ReadableStream({ cancel: () => void events.push('cancelled') })),
        close: async () => {
          await Promise.resolve();
          events.push(`closed with ${running.database('x') === undefined ? 'its' : 'no'} host`);
          expect((await fetch(`${running.url}/live`).catch(() => undefined))?.status).toBe(undefined);
        },
      },
      { path: '/bad', handle: () => new Response(), close: () => Promise.reject(new Error('stuck')) },
    ]);
    const answer = await fetch(`${host.url}/live`);
    await host.close();
    expect(await answer.text().catch(() => '')).toBe('');
    expect(events).toEqual(['cancelled', 'closed with its host']);
    expect(reports).toEqual(['the route /bad did not close: stuck']);
  });
});

describe('pages', () => {
  test('of other origins may use a mounted route that allows them, and only it', async () => {
    const { url } = await start([textRoute('/open', { origins: ['http://a.test'] }), textRoute('/closed')]);
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(url + path, { ...init, headers: { origin: 'http://a.test', ...init.headers } });
    const allowed = await ask('/open');
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'http://a.test']);
    expect((await ask('/closed')).status).toBe(403);
    expect((await ask('/v1/ping')).status).toBe(403);
    const headers = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-session' };
    const asked = await ask('/open', { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-headers')]).toEqual([200, 'x-session']);
  });

  test('of the host itself may use its routes', async () => {
    const { url } = await start([textRoute('/app')]);
    const answer = await fetch(`${url}/app`, { method: 'POST', headers: { origin: url } });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, url]);
  });
});

test('a request target that is no path is refused', async () => {
  const { port } = await start([textRoute('/')]);
  const socket = connect(port, '127.0.0.1');
  socket.write('GET //[% HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1\.1 (400|200)/);
  socket.destroy();
});

import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostError } from '../errors.ts';
import { systemWorld } from '../world.ts';
import { jsonResponse, HttpError, textResponse } from './exchange.ts';
import { HttpServer } from './http-server.ts';
import { MemoryBudget } from './memory-budget.ts';
import type { HttpRoute } from './router.ts';
import { createSigningKey, Tokens } from './tokens.ts';
import { WebAccess } from './web-access.ts';

const tokens = new Tokens(createSigningKey(), systemWorld);
const reports: string[] = [];
const routes: HttpRoute[] = [
  {
    method: 'POST',
    pattern: '/length',
    asks: 'anyone',
    handle: async x => textResponse(200, `${(await x.body()).length}`),
  },
  { method: 'GET', pattern: '/known', asks: 'known', handle: x => textResponse(200, x.credentials.token) },
  { method: 'GET', pattern: '/token', asks: 'token', handle: () => jsonResponse('[]') },
  { method: 'GET', pattern: '/checked', asks: 'checked', handle: () => ({ status: 200 }) },
  {
    method: 'GET',
    pattern: '/refused',
    asks: 'known',
    handle: () => {
      throw new HttpError(404, 'not here');
    },
  },
  {
    method: 'GET',
    pattern: '/fault',
    asks: 'anyone',
    handle: () => {
      throw new HostError('guest/invalid', 'no module');
    },
  },
  {
    method: 'GET',
    pattern: '/bug',
    asks: 'anyone',
    handle: () => {
      throw new TypeError('a secret of the host');
    },
  },
  { method: 'GET', pattern: '/stream', asks: 'anyone', handle: () => ({ status: 200, body: count(3) }) },
];

async function* count(upTo: number): AsyncGenerator<string> {
  for (let number = 1; number <= upTo; number++) {
    await Promise.resolve();
    yield `${number}\n`;
  }
}

const http = new HttpServer(routes, {
  tokens,
  access: new WebAccess({ origins: ['http://a.test'], hostname: '127.0.0.1', isLoopback: true }),
  memory: new MemoryBudget(Infinity),
  maxBodyBytes: 2 * 1024 * 1024,
  closeTimeoutMs: 1000,
  report: message => reports.push(message),
});
const server = createServer((request, response) => void http.serve(request, response));
let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

async function ask(path: string, init?: RequestInit) {
  const answer = await fetch(url + path, init);
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

describe('the HTTP server', () => {
  test('gives a caller without a token a new identity, and returns it', async () => {
    const { headers, body } = await ask('/known');
    expect(headers.get('spacetime-identity-token')).toBe(body);
    expect(headers.get('spacetime-identity')).toMatch(/^c200[0-9a-f]{60}$/);
    expect(tokens.verify(body).identity).toBe(BigInt(`0x${headers.get('spacetime-identity')}`));
  });

  test('reads a token from the header or the query, the header first', async () => {
    const { token } = tokens.mint();
    expect((await ask('/known', { headers: { authorization: `Bearer ${token}` } })).body).toBe(token);
    expect((await ask(`/known?token=${token}`)).body).toBe(token);
    expect((await ask(`/known?token=bad`, { headers: { authorization: `Bearer ${token}` } })).body).toBe(token);
  });

  test.each([
    ['/known', 'Bearer nonsense', 401, /^Invalid token/],
    ['/checked', 'Bearer nonsense', 401, /^Invalid token/],
    ['/known', 'Basic abc', 400, /^Authorization is invalid: malformed token$/],
    ['/token', undefined, 401, /^Authorization required$/],
  ])('refuses %s with %s', async (path, authorization, status, text) => {
    const answer = await ask(path, authorization === undefined ? {} : { headers: { authorization } });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(text);
    expect(answer.headers.has('spacetime-identity')).toBe(false);
  });

  test('answers a refusal and a fault with their messages, and a bug without details', async () => {
    expect(await ask('/refused')).toMatchObject({ status: 404, body: 'not here' });
    expect(await ask('/fault')).toMatchObject({ status: 500, body: 'no module' });
    expect(await ask('/bug')).toMatchObject({ status: 500, body: 'Internal error' });
    expect(reports.join('\n')).toContain('a secret of the host');
  });

  test('answers unknown paths with 404 and wrong methods with 405', async () => {
    expect(await ask('/nothing')).toMatchObject({ status: 404, body: '' });
    const answer = await ask('/length');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('lets the pages of an allowed origin read its answers', async () => {
    const headers = { origin: 'http://a.test' };
    const asked = await ask('/length', { method: 'OPTIONS', headers });
    expect(asked.status).toBe(200);
    expect(asked.headers.get('access-control-allow-origin')).toBe('http://a.test');
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization,accept,content-type');
    expect(asked.headers.get('allow')).toBe('POST');
    const read = await ask('/checked', { headers });
    expect([read.headers.get('access-control-allow-origin'), read.headers.get('vary')]).toEqual([
      'http://a.test',
      'Origin',
    ]);
  });

  test.each(['/known', '/nothing', '/length'])('refuses the pages of another origin at %s', async path => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const { status, body, headers } = await ask(path, { method, headers: { origin: 'http://b.test' } });
      expect([status, body]).toEqual([
        403,
        'pages of the origin "http://b.test" may not use this host: its operator allows it with --allow-origin "http://b.test"',
      ]);
      expect(headers.has('access-control-allow-origin')).toBe(false);
      expect(headers.has('spacetime-identity-token')).toBe(false);
    }
  });

  test('reads a body up to its limit, and refuses a longer one', async () => {
    const limit = 2 * 1024 * 1024;
    expect(await ask('/length', { method: 'POST', body: 'x'.repeat(limit) })).toMatchObject({ body: `${limit}` });
    expect(await ask('/length', { method: 'POST', body: 'x'.repeat(limit + 1) })).toMatchObject({
      status: 413,
      body: 'Failed to buffer the request body: length limit exceeded',
    });
  });

  test('serves the next request of a connection whose body was too long', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (data: Buffer) => (received += data.toString()));
    const post = (length: number) => {
      socket.write(`POST /length HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\n`);
      socket.write('x'.repeat(length));
    };
    post(12 * 1024 * 1024);
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 413 /);
    received = '';
    post(10);
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 200 [^]*\r\n10$/);
    socket.destroy();
  });

  test('sends a stream part by part', async () => {
    expect((await ask('/stream')).body).toBe('1\n2\n3\n');
  });

  test('answers HEAD without a body', async () => {
    const answer = await ask('/checked', { method: 'HEAD' });
    expect([answer.status, answer.body]).toEqual([200, '']);
  });

  test('answers a malformed request target with 404', async () => {
    const sent = httpRequest({ host: '127.0.0.1', port: new URL(url).port, path: '//[%', method: 'GET' }).end();
    const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    expect(answer.statusCode).toBe(404);
  });
});

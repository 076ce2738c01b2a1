// Requests of a module to a server in another thread: this thread waits for them.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostError } from '../errors.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { decodeResponse, encodeRequest, type Headers } from './http-message.ts';
import { fetchAndWait } from './outgoing-http.ts';

const SERVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:http').createServer((request, response) => {
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk)).on('end', () => {
      if (request.url === '/never') return;
      if (request.url === '/away') return response.writeHead(302, { location: '/echo' }).end();
      const elsewhere = /^\\/to\\/(.+)$/.exec(request.url);
      if (elsewhere) return response.writeHead(307, { location: decodeURIComponent(elsewhere[1]) }).end();
      if (request.url === '/headers') return response.end(JSON.stringify(request.headers));
      if (request.url === '/inside') return response.writeHead(302, { location: 'http://10.0.0.1/' }).end();
      if (request.url === '/circle') return response.writeHead(307, { location: '/circle' }).end();
      if (request.url === '/large') { for (let i = 0; i < 20; i++) response.write(Buffer.alloc(1 << 20)); return response.end(); }
      response.writeHead(request.url === '/missing' ? 404 : 200, { 'x-a': ['1', '2'] });
      response.end([request.method, request.headers['x-ask'] ?? '', Buffer.concat(chunks)].join(' '));
    });
  });
  const other = require('node:http').createServer((request, response) => {
    const back = /^\\/to\\/(.+)$/.exec(request.url);
    if (back) return response.writeHead(307, { location: decodeURIComponent(back[1]) }).end();
    response.end(JSON.stringify(request.headers));
  });
  server.listen(0, '127.0.0.1', () =>
    other.listen(0, '127.0.0.1', () => parentPort.postMessage([server.address().port, other.address().port])),
  );
`;

let server: Worker;
let base: string;
/** Another origin: the same address, another port. */
let other: string;
beforeAll(async () => {
  server = new Worker(SERVER, { eval: true });
  const [[port, otherPort]] = (await once(server, 'message')) as [[number, number]];
  base = `http://127.0.0.1:${port}`;
  other = `http://127.0.0.1:${otherPort}`;
});
afterAll(() => server.terminate());

function send(
  method: string,
  uri: string,
  body: string | Uint8Array = '',
  headers: Headers = [],
  timeoutMicros?: bigint,
) {
  let request = encodeRequest(method, headers, uri);
  if (timeoutMicros !== undefined) request = withTimeout(method, uri, timeoutMicros);
  const reply = fetchAndWait(request, body, []);
  return { ...decodeResponse(reply.response), text: new TextDecoder().decode(reply.body) };
}
function withTimeout(method: string, uri: string, micros: bigint): Uint8Array {
  const other = 9;
  return new BsatnWriter().u8(other).string(method).u32(0).u8(0).i64(micros).string(uri).u8(2).finish();
}
function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HostError && error.code === 'call/http-failed') return error.message;
    throw error;
  }
  return 'no failure';
}

describe('a request', () => {
  test('returns status, headers and body', () => {
    const answer = send('POST', `${base}/echo`, 'the body', [['x-ask', 'asked']]);
    expect(answer).toMatchObject({ status: 200, text: 'POST asked the body' });
    expect(answer.headers.filter(([name]) => name === 'x-a')).toEqual([
      ['x-a', '1'],
      ['x-a', '2'],
    ]);
    expect(send('PUT', `${base}/echo`, new Uint8Array([0x61])).text).toBe('PUT  a');
  });

  test('with an error status is a response', () => {
    expect(send('GET', `${base}/missing`)).toMatchObject({ status: 404 });
  });

  test('follows redirects, but not endlessly', () => {
    expect(send('POST', `${base}/away`, 'x').text).toBe('GET  ');
    expect(failureOf(() => send('GET', `${base}/circle`))).toBe('too many redirects');
  });

  const SECRETS: Headers = [
    ['Authorization', 'Bearer secret'],
    ['Cookie', 'session=1'],
    ['Proxy-Authorization', 'Basic secret'],
    ['x-plain', 'kept'],
  ];
  const headersAt = (uri: string) => JSON.parse(send('GET', uri, '', SECRETS).text) as Record<string, string>;

  test('keeps its credentials on a redirect inside its origin', () => {
    const seen = headersAt(`${base}/to/${encodeURIComponent('/headers')}`);
    expect(seen).toMatchObject({ authorization: 'Bearer secret', cookie: 'session=1', 'x-plain': 'kept' });
  });

  test('carries no credentials to another origin, nor back from there', () => {
    const there = headersAt(`${base}/to/${encodeURIComponent(`${other}/headers`)}`);
    const back = headersAt(`${base}/to/${encodeURIComponent(`${other}/to/${encodeURIComponent(`${base}/headers`)}`)}`);
    for (const seen of [there, back]) {
      expect(seen).toMatchObject({ 'x-plain': 'kept' });
      for (const name of ['authorization', 'cookie', 'proxy-authorization']) expect(seen).not.toHaveProperty(name);
    }
    expect(there['host']).toBe(new URL(other).host);
  });

  test('that takes too long or returns too much is aborted', () => {
    expect(failureOf(() => send('GET', `${base}/never`, '', [], 50_000n))).toBe('the request timed out');
    expect(failureOf(() => send('GET', `${base}/large`))).toMatch(/^the body is longer than/);
    expect(send('GET', `${base}/echo`).status).toBe(200);
  });

  test('that cannot be sent reports the reason', () => {
    expect(failureOf(() => send('GET', 'no address'))).toBe('Invalid URL');
    expect(failureOf(() => send('GET', 'file:///etc/passwd'))).toBe('cannot fetch file: URLs');
    expect(failureOf(() => send('GET', 'http://127.0.0.1:1/'))).toContain('ECONNREFUSED');
  });
});

test.each([
  'http://127.0.0.1:9/',
  'http://localhost:9/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://10.1.2.3/',
  'http://192.168.0.1/',
  'http://172.31.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://100.64.0.1/',
  'http://0.0.0.0/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[fd00::1]/',
  'http://[fe80::1]/',
])('%s is refused', uri => {
  expect(failureOf(() => fetchAndWait(encodeRequest('GET', [], uri), ''))).toBe(
    'refusing to connect to private or special-purpose addresses',
  );
});

test('a redirect to an internal address is refused', () => {
  const inside: Parameters<typeof fetchAndWait>[2] = [['10.0.0.0', 8]];
  expect(failureOf(() => fetchAndWait(encodeRequest('GET', [], `${base}/inside`), '', inside))).toBe(
    'refusing to connect to private or special-purpose addresses',
  );
});

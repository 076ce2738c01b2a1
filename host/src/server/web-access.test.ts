import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { bundleModule } from '../guest/testing/bundle-module.ts';
import { startHost, type Host } from '../host.ts';
import { isLocalRequest, parseOrigin, WebAccess } from './web-access.ts';

const LOOPBACK = { hostname: '127.0.0.1', isLoopback: true };
const NETWORK = { hostname: 'hub.lan', isLoopback: false };

function isAllowed(access: WebAccess, headers: Record<string, string>, more?: readonly string[]): boolean {
  try {
    access.check(headers, more);
    return true;
  } catch {
    return false;
  }
}

describe('a host on the loopback interface', () => {
  const access = new WebAccess({ origins: ['https://app.example'], ...LOOPBACK });

  test.each([
    '127.0.0.1:3000',
    'localhost:3000',
    'localhost',
    '[::1]:3000',
    'my.localhost',
    '127.1.2.3',
    'app.example',
  ])('answers under the name %s', host => expect(isAllowed(access, { host })).toBe(true));

  test.each(['evil.example', 'evil.example:3000', '192.0.2.1', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    'refuses the name %s',
    host => {
      expect(isAllowed(access, { host })).toBe(false);
      expect(isAllowed(access, { host, origin: `http://${host}` })).toBe(false);
    },
  );

  test.each([
    ['https://app.example', true],
    ['http://127.0.0.1:3000', true],
    ['http://app.example', false],
    ['https://app.example.evil.example', false],
    ['http://127.0.0.1:3001', false],
    ['http://localhost:3000', false],
    ['null', false],
    ['', false],
  ])('answers pages of %s: %s', (origin, answers) => {
    expect(isAllowed(access, { host: '127.0.0.1:3000', origin })).toBe(answers);
  });

  test('refuses requests of other pages that name no origin, but not links', () => {
    const host = '127.0.0.1:3000';
    expect(isAllowed(access, { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(false);
    expect(isAllowed(access, { host, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' })).toBe(false);
    expect(isAllowed(access, { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(true);
    expect(isAllowed(access, { host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).toBe(true);
    expect(isAllowed(access, { host, 'sec-fetch-mode': 'cors' })).toBe(true);
  });
});

describe('a host on the network', () => {
  const access = new WebAccess({ origins: [], ...NETWORK });

  test('answers programs under any name', () => {
    for (const host of ['hub.lan', 'other.example', '192.0.2.1']) expect(isAllowed(access, { host })).toBe(true);
  });

  test('answers its own pages under names that no other party controls', () => {
    const own = (host: string) => isAllowed(access, { host, origin: `http://${host}` });
    expect(['hub.lan:3000', '192.0.2.1:3000', '[2001:db8::1]'].map(own)).toEqual([true, true, true]);
    expect(own('evil.example:3000')).toBe(false);
  });
});

test('`*` allows all pages and names, and is answered as SpacetimeDB does', () => {
  const access = new WebAccess({ origins: ['*'], ...LOOPBACK });
  expect(access.allow({ host: 'evil.example', origin: 'null' })).toEqual({ 'access-control-allow-origin': '*' });
  expect(access.allow({})).toEqual({ 'access-control-allow-origin': '*' });
});

test('an answer names the allowed origin only', () => {
  const access = new WebAccess({ origins: ['https://app.example'], ...LOOPBACK });
  expect(access.allow({ origin: 'https://app.example' })).toEqual({
    vary: 'Origin',
    'access-control-allow-origin': 'https://app.example',
  });
  expect(access.allow({})).toEqual({ vary: 'Origin' });
});

test.each([
  ['https://App.example', 'https://app.example'],
  ['http://a.test:80', 'http://a.test'],
  ['http://a.test:3000/', 'http://a.test:3000'],
  ['*', '*'],
  ['a.test', undefined],
  ['https://a.test/path', undefined],
  ['ftp://a.test', undefined],
  ['null', undefined],
])('the origin %s is read as %s', (text, origin) => {
  expect(parseOrigin(text)).toBe(origin);
});

test('a request is local if no proxy forwarded it', () => {
  expect(isLocalRequest('127.0.0.1', {})).toBe(true);
  expect(isLocalRequest('::ffff:127.0.0.1', {})).toBe(true);
  expect(isLocalRequest('::1', { host: 'a' })).toBe(true);
  expect(isLocalRequest('192.0.2.1', {})).toBe(false);
  expect(isLocalRequest(undefined, {})).toBe(false);
  for (const name of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']) {
    expect([name, isLocalRequest('127.0.0.1', { [name]: 'x' })]).toEqual([name, false]);
  }
});

describe('a WebSocket', () => {
  const hosts: Host[] = [];
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.close();
  });

  test('of a page is opened for allowed origins only', async () => {
    const host = await startHost({ allowOrigins: ['http://a.test'] });
    hosts.push(host);
    const module = `
      import { schema, table, t } from 'spacetimedb/server';
      export default schema({ note: table({ public: true }, { id: t.u32().primaryKey() }) });
    `;
    await host.publish('notes', Buffer.from(bundleModule(module)));
    const open = async (headers: Record<string, string>) => {
      const url = `${host.url.replace('http', 'ws')}/v1/database/notes/subscribe`;
      const socket = new WebSocket(url, 'v3.bsatn.spacetimedb', { headers });
      try {
        await once(socket, 'message');
        return 'open';
      } catch (error) {
        return String(error);
      } finally {
        socket.on('error', () => undefined);
        socket.terminate();
      }
    };
    expect(await open({})).toBe('open');
    expect(await open({ origin: 'http://a.test' })).toBe('open');
    expect(await open({ origin: 'http://b.test' })).toMatch('403');
    expect(await open({ origin: 'null' })).toMatch('403');
    expect(await open({ host: 'evil.example' })).toMatch('403');
  });
});

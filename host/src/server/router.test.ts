import { describe, expect, test } from 'vitest';
import { EMPTY_RESPONSE } from './exchange.ts';
import { Router, type HttpRoute } from './router.ts';

const route = (method: HttpRoute['method'], pattern: string): HttpRoute => ({
  method,
  pattern,
  asks: 'anyone',
  handle: () => EMPTY_RESPONSE,
});
const router = new Router([
  route('GET', '/v1/database/:db'),
  route('PUT', '/v1/database/:db'),
  route('POST', '/v1/database/:db/call/:function'),
  route('ANY', '/v1/database/:db/route'),
  route('ANY', '/v1/database/:db/route/*path'),
]);

describe('a router', () => {
  test('finds a route and its parameters', () => {
    expect(router.find('POST', '/v1/database/a-b/call/add%20up')).toMatchObject({
      kind: 'found',
      route: { pattern: '/v1/database/:db/call/:function' },
      params: { db: 'a-b', function: 'add up' },
    });
  });

  test('answers HEAD by the route for GET', () => {
    expect(router.find('HEAD', '/v1/database/x')).toMatchObject({ kind: 'found', route: { method: 'GET' } });
  });

  test('lists the allowed methods of a path', () => {
    expect(router.find('DELETE', '/v1/database/x')).toMatchObject({ kind: 'wrong-method', allowed: 'GET,HEAD,PUT' });
  });

  test.each(['/', '/v1', '/v1/database/', '/v1/database/x/', '/v1/database/x/call', '/v1/database/x/call/y/z'])(
    'knows no route for %s',
    path => {
      expect(router.find('GET', path)).toEqual({ kind: 'none' });
    },
  );

  test.each([
    ['/v1/database/x/route/hello', 'hello'],
    ['/v1/database/x/route/a/b/', 'a/b/'],
    ['/v1/database/x/route/', ''],
  ])('gives the rest of %s', (path, rest) => {
    expect(router.find('PATCH', path)).toMatchObject({ kind: 'found', params: { db: 'x', path: rest } });
  });
});

// The HTTP routes.

import type { Value } from '../bsatn.ts';
import { readJson } from '../ordered-json.ts';
import type { Session } from '../session.ts';

export async function http(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  const ann = await s.identity('ann');
  await s.start('probe', owner);
  const db = `/v1/database/${s.database}`;
  const short = (body: string) =>
    body.length > 200 ? `(${body.length > 2000 ? 'long' : body.length} characters)` : body;
  s.step('identity');
  await s.http('POST', '/v1/identity', { show: keysOf });
  await s.http('GET', '/v1/identity/public-key', { show: body => body.split('\n')[0] ?? '' });
  s.step('shape of a token');
  const [head = '', payload = ''] = owner.token.split('.');
  const { sub, iat, ...claims } = readPart(payload);
  s.transcript.note({ head: readPart(head), payload: { ...claims, sub: typeof sub, iat: typeof iat } });
  s.step('verify');
  await s.http('GET', `/v1/identity/${owner.identity}/verify`, { as: owner });
  await s.http('GET', `/v1/identity/${owner.identity}/verify`, { as: ann });
  await s.http('GET', `/v1/identity/${owner.identity}/verify`);
  await s.http('GET', `/v1/identity/nonsense/verify`, { as: ann });
  s.step('websocket token');
  await s.http('POST', '/v1/identity/websocket-token', { as: ann, show: keysOf });
  await s.http('POST', '/v1/identity/websocket-token');
  await s.http('POST', '/v1/identity/websocket-token', {
    as: ann,
    headers: { origin: 'http://example.test' },
    show: keysOf,
  });
  s.step('bad credentials');
  await s.http('GET', `${db}`, { headers: { authorization: 'Bearer nonsense' } });
  await s.http('GET', `${db}`, { headers: { authorization: 'Basic abc' } });
  await s.http('POST', `${db}/sql`, {
    body: 'SELECT * FROM team',
    headers: { authorization: `Bearer ${ann.token.slice(0, -6)}AAAAAA` },
  });
  s.step('database');
  await s.http('GET', db, {
    show: body => {
      const { initial_program, ...rest } = readObject(body);
      return { ...rest, initial_program: typeof initial_program };
    },
  });
  await s.http('GET', `${db}/identity`);
  await s.http('GET', `${db}/names`);
  await s.http('GET', `/v1/database/${s.databaseIdentity}/names`);
  await s.http('GET', `/v1/database/no-such-database`);
  await s.http('GET', `/v1/database/${'c200' + '0'.repeat(60)}`);
  await s.http('GET', `/v1/identity/${owner.identity}/databases`);
  s.step('call');
  await s.callHttp('add_team', ann, [1, 'one']);
  await s.callHttp('add_team', ann, { id: 2, title: 'two' });
  await s.callHttp('add_team', undefined, [3, 'three']);
  s.step('call: failures');
  await s.callHttp('add_team', ann, [1, 'again']);
  await s.callHttp('refuse', ann, ['because']);
  await s.callHttp('crash', ann, ['secret detail']);
  await s.callHttp('no_such_thing', ann, []);
  await s.callHttp('addTeam', ann, [4, 'four']);
  await s.callHttp('init', ann, []);
  await s.callHttp('ring', ann, []);
  await s.callHttp('add_team', ann, [5]);
  await s.callHttp('add_team', ann, [5, 'x', 6]);
  await s.callHttp('add_team', ann, ['x', 5]);
  await s.callHttp('add_team', ann, [-1, 'x']);
  await s.callHttp('add_team', ann, [4294967296, 'x']);
  await s.callHttp('add_team', ann, { id: 5 });
  await s.callHttp('add_team', ann, { id: 5, title: 'x', more: 1 });
  await s.callHttp('add_team', ann, '{"id":5,', { headers: { 'content-type': 'application/json' } });
  await s.callHttp('add_team', ann, '[6,"six"]', { headers: { 'content-type': 'text/plain' } });
  await s.callHttp('add_team', ann, '[6,"six"]', { headers: {} });
  await s.http('GET', `${db}/call/add_team`, { as: ann });
  s.step('schema');
  await s.http('GET', `${db}/schema`, { show: short });
  await s.http('GET', `${db}/schema?version=9`);
  await s.http('GET', `${db}/schema?version=10`, { show: short });
  await s.http('GET', `${db}/schema?version=8`, { show: short });
  s.step('handlers');
  await s.http('GET', `${db}/route/hello`);
  await s.http('POST', `${db}/route/hello`, { body: 'x' });
  await s.http('POST', `${db}/route/echo?a=1`, { body: 'a body', headers: { 'x-ask': 'asked' } });
  await s.http('GET', `${db}/route/broken`);
  await s.http('GET', `${db}/route/hello/`);
  await s.http('GET', `${db}/route/none`);
  await s.http('GET', `${db}/route`);
  s.step('names');
  await s.http('POST', `${db}/names`, { as: ann, body: `${s.database}-more` });
  await s.http('POST', `${db}/names`, { as: owner, body: `${s.database}-more` });
  await s.http('GET', `${db}/names`);
  await s.http('GET', `/v1/database/${s.database}-more/names`);
  s.step('other');
  await s.http('GET', '/v1/ping');
  await s.http('GET', '/v1/health', { show: keysOf });
  await s.http('GET', '/v1/nothing');
  await s.http('GET', '/');
  await s.http('OPTIONS', `${db}/sql`, {
    headers: {
      origin: 'http://example.test',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  s.step('large bodies');
  await s.callHttp('refuse', ann, ['x'.repeat(1_900_000)], { show: b => `${b.length} characters` });
  await s.callHttp('refuse', ann, ['x'.repeat(2_200_000)], { show: short });
  await s.sql(`SELECT * FROM team WHERE title = '${'x'.repeat(60_000)}'`, ann, { show: short });
  s.step('delete');
  await s.http('DELETE', db, { as: ann });
  await s.http('DELETE', db);
  await s.http('DELETE', db, { as: owner });
  await s.http('GET', `${db}/identity`);
  await s.callHttp('add_team', ann, [1, 'one']);
}

function keysOf(body: string): string[] {
  return Object.keys(readObject(body));
}

function readPart(base64url: string): Record<string, Value> {
  return readObject(Buffer.from(base64url, 'base64url').toString());
}

function readObject(json: string): Record<string, Value> {
  return readJson(json) as Record<string, Value>;
}

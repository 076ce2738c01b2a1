// Tokens of OpenID Connect providers, with a provider on this machine.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { startHost, type Host } from '../host.ts';
import { identityToHex } from '../sats/hex.ts';
import { deriveIdentity } from './identity.ts';

interface Provider {
  readonly url: string;
  readonly server: Server;
  /** Number of requests by path. */
  readonly asked: Map<string, number>;
  keys: JWK[];
  /** The issuer in the discovery document. */
  issuer: string;
  isDown: boolean;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startProvider(): Promise<Provider> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    provider.asked.set(path, (provider.asked.get(path) ?? 0) + 1);
    if (provider.isDown) response.writeHead(503).end();
    else if (path === '/keys') response.end(JSON.stringify({ keys: provider.keys }));
    else response.end(JSON.stringify({ issuer: provider.issuer, jwks_uri: `${provider.url}/keys` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: Provider = { url, server, asked: new Map(), keys: [], issuer: url, isDown: false };
  return provider;
}

async function addKey(provider: Provider, kid: string, alg = 'RS256'): Promise<CryptoKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  provider.keys.push({ ...(await exportJWK(publicKey)), kid, alg });
  return privateKey;
}

interface TokenParts {
  readonly kid?: string;
  readonly alg?: string;
  readonly audience?: string;
  readonly expires?: string | number;
  readonly subject?: string;
}

function signToken(issuer: string, key: CryptoKey, parts: TokenParts = {}): Promise<string> {
  const { kid = 'one', alg = 'RS256', audience = 'agora', expires = '1h', subject = 'ada' } = parts;
  return new SignJWT({})
    .setProtectedHeader({ alg, kid })
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience(audience)
    .setExpirationTime(expires)
    .sign(key);
}

async function start(provider: Provider): Promise<Host> {
  const host = await startHost({ issuers: [{ issuer: provider.url, audience: ['agora', 'other'] }] });
  closing.push(() => host.close());
  return host;
}

/** The identity of a token, or the reason why the host refuses it. */
async function whoIs(host: Host, token: string): Promise<string> {
  const answer = await fetch(`${host.url}/v1/identity/websocket-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok) return answer.text();
  const { token: short } = (await answer.json()) as { token: string };
  const claims = JSON.parse(Buffer.from(short.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  return String(claims['hex_identity']);
}

describe('a token of another issuer', () => {
  test.each(['RS256', 'ES256', 'PS256', 'EdDSA'])('is accepted if it is signed with %s', async alg => {
    const provider = await startProvider();
    const key = await addKey(provider, 'one', alg);
    const host = await start(provider);
    const identity = identityToHex(deriveIdentity(provider.url, 'ada'));
    expect(await whoIs(host, await signToken(provider.url, key, { alg }))).toBe(identity);
  });

  test('is refused with another audience, after its expiry, or with another signature', async () => {
    const provider = await startProvider();
    const key = await addKey(provider, 'one');
    const { privateKey: foreign } = await generateKeyPair('RS256');
    const host = await start(provider);
    const refused = async (parts: TokenParts, by = key) => whoIs(host, await signToken(provider.url, by, parts));
    expect(await refused({ audience: 'somebody' })).toContain('unexpected "aud" claim value');
    expect(await refused({ expires: Math.floor(Date.now() / 1000) - 61 })).toContain(
      '"exp" claim timestamp check failed',
    );
    expect(await refused({}, foreign)).toContain('signature verification failed');
    expect(await refused({ subject: 'x'.repeat(129) })).toContain('Invalid token');
    // Clocks may differ by a minute.
    expect(await refused({ expires: Math.floor(Date.now() / 1000) - 30 })).toMatch(/^c200/);
  });

  test('is refused if its issuer is not trusted', async () => {
    const provider = await startProvider();
    const key = await addKey(provider, 'one');
    const host = await start(await startProvider());
    expect(await whoIs(host, await signToken(provider.url, key))).toContain('does not know the issuer');
    expect(provider.asked.size).toBe(0);
  });

  test('is refused with a shared secret or without a signature', async () => {
    const provider = await startProvider();
    await addKey(provider, 'one');
    const host = await start(provider);
    const body = Buffer.from(JSON.stringify({ iss: provider.url, sub: 'ada', aud: 'agora', exp: 9e9 }));
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body.toString('base64url')}.`;
    expect(await whoIs(host, none)).toContain('Invalid token');
    const shared = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuer(provider.url)
      .setSubject('ada')
      .setAudience('agora')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode('a secret that is known to many people'));
    expect(await whoIs(host, shared)).toContain('Invalid token');
  });

  test('keys are fetched once for all callers, and at a bounded rate for unknown keys', async () => {
    const provider = await startProvider();
    const key = await addKey(provider, 'one');
    const host = await start(provider);
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, n) => signToken(provider.url, key, { subject: `${n}` })),
    );
    const identities = await Promise.all(tokens.map(token => whoIs(host, token)));
    expect(new Set(identities).size).toBe(20);
    for (let n = 0; n < 20; n++) {
      expect(await whoIs(host, await signToken(provider.url, key, { kid: `unknown ${n}` }))).toContain(
        'no applicable key',
      );
    }
    expect(provider.asked.get('/.well-known/openid-configuration')).toBe(1);
    expect(provider.asked.get('/keys')).toBeLessThanOrEqual(2);
  });

  test('a token is refused if its issuer is unreachable or its document names another issuer', async () => {
    const down = await startProvider();
    const key = await addKey(down, 'one');
    down.isDown = true;
    const host = await start(down);
    const token = await signToken(down.url, key);
    for (let n = 0; n < 5; n++) expect(await whoIs(host, token)).toContain('cannot be queried');
    expect(down.asked.get('/.well-known/openid-configuration')).toBe(1);

    const liar = await startProvider();
    liar.issuer = 'http://another.test';
    const other = await start(liar);
    expect(await whoIs(other, await signToken(liar.url, await addKey(liar, 'one')))).toContain(
      'names the issuer http://another.test',
    );
  });
});

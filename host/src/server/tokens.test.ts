import { describe, expect, test } from 'vitest';
import { identityToHex } from '../sats/hex.ts';
import { systemWorld, type World } from '../world.ts';
import { deriveIdentity } from './identity.ts';
import { createSigningKey, TokenError, Tokens } from './tokens.ts';

const key = createSigningKey();

function tokensAt(seconds: { now: number }): Tokens {
  const world: World = { ...systemWorld, now: () => BigInt(seconds.now) * 1_000_000n };
  return new Tokens(key, world);
}

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('an identity', () => {
  test('matches the check vector of SpacetimeDB', () => {
    const identity = deriveIdentity('localhost', '6d4b5430-00cf-4a99-932c-ad2d07bab841');
    expect(identityToHex(identity)).toBe('c200483152d642c7d402de06cacc36dcb0c2a1f2bbeb8e7d5a673f2435cca975');
  });
});

describe('a token', () => {
  test('has the claims of SpacetimeDB, in their order', () => {
    const { identity, token, claims } = tokensAt({ now: 1_700_000_000 }).mint();
    const [header = ''] = token.split('.');

    expect(Buffer.from(header, 'base64url').toString()).toBe('{"typ":"JWT","alg":"ES256"}');
    expect(Object.keys(payloadOf(token))).toEqual(['hex_identity', 'sub', 'iss', 'aud', 'iat', 'exp']);
    expect(payloadOf(token)).toMatchObject({
      hex_identity: identityToHex(identity),
      iss: 'localhost',
      aud: ['spacetimedb'],
      iat: 1_700_000_000,
      exp: null,
    });
    expect(JSON.parse(Buffer.from(claims).toString())).toEqual(payloadOf(token));
  });

  test('is verified to its identity, also by a host with the same key', () => {
    const { identity, token } = new Tokens(key, systemWorld).mint();
    expect(new Tokens(key, systemWorld).verify(token).identity).toBe(identity);
  });

  test('of another key is refused', () => {
    const { token } = new Tokens(createSigningKey(), systemWorld).mint();
    expect(() => new Tokens(key, systemWorld).verify(token)).toThrow(TokenError);
  });

  test.each(['nonsense', '', 'a.b', 'a.b.c', '..', `${Buffer.from('{}').toString('base64url')}.e30.x`])(
    'that is none is refused: %j',
    token => {
      expect(() => new Tokens(key, systemWorld).verify(token)).toThrow(/^Invalid token/);
    },
  );

  test('whose payload was changed is refused', () => {
    const tokens = new Tokens(key, systemWorld);
    const [header = '', , signature = ''] = tokens.mint().token.split('.');
    const forged = Buffer.from(JSON.stringify({ sub: 'x', iss: 'localhost' })).toString('base64url');
    expect(() => tokens.verify(`${header}.${forged}.${signature}`)).toThrow(TokenError);
  });

  test('for a WebSocket keeps the identity and expires after a minute, with a minute of leeway', () => {
    const clock = { now: 1_700_000_000 };
    const tokens = tokensAt(clock);
    const long = tokens.mint();
    const short = tokens.mintShort(long);

    expect(payloadOf(short.token)).toMatchObject({ ...payloadOf(long.token), exp: 1_700_000_060 });
    expect(tokens.verify(short.token).identity).toBe(long.identity);
    clock.now += 119;
    expect(tokens.verify(short.token).identity).toBe(long.identity);
    clock.now += 2;
    expect(() => tokens.verify(short.token)).toThrow(/expired/);
    expect(tokens.verify(long.token).identity).toBe(long.identity);
  });

  test('for a WebSocket is not extended when it is swapped again', () => {
    const clock = { now: 1_700_000_000 };
    const tokens = tokensAt(clock);
    let short = tokens.mintShort(tokens.mint());
    for (let swap = 0; swap < 5; swap++) {
      clock.now += 20;
      short = tokens.mintShort(tokens.verify(short.token));
      expect(payloadOf(short.token)['exp']).toBe(1_700_000_060);
    }
    clock.now = 1_700_000_121;
    expect(() => tokens.verify(short.token)).toThrow(/expired/);
  });

  test('of another issuer keeps its claims and its expiry when it is swapped', () => {
    const clock = { now: 1_700_000_000 };
    const tokens = tokensAt(clock);
    const first = {
      iss: 'https://id.example',
      sub: 'ada',
      aud: ['agora'],
      exp: 1_700_000_030,
      nbf: 1_600_000_000,
      iat: 1_600_000_000,
      email: 'ada@example',
      roles: ['admin'],
    };
    const identity = deriveIdentity(first.iss, first.sub);
    const claims = new Uint8Array(Buffer.from(JSON.stringify(first)));
    const short = tokens.mintShort({ identity, token: '', claims });
    expect(payloadOf(short.token)).toEqual({ ...first, hex_identity: identityToHex(identity), iat: 1_700_000_000 });
    const again = tokens.mintShort(tokens.verify(short.token));
    expect(payloadOf(again.token)).toEqual(payloadOf(short.token));
    clock.now = first.exp + 61;
    for (const { token } of [short, again]) expect(() => tokens.verify(token)).toThrow(/expired/);
  });
});

// Identity tokens: JWTs that this host signs with its own P-256 key and verifies, with the claims of SpacetimeDB's
// `crates/auth/src/identity.rs`.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { identityToHex } from '../sats/hex.ts';
import type { World } from '../world.ts';
import { deriveIdentity } from './identity.ts';
import type { Issuers } from './issuers.ts';
import { TokenError } from './token-error.ts';

export { TokenError } from './token-error.ts';

/** The issuer of the tokens that a host mints. */
export const LOCAL_ISSUER = 'localhost';

/** Lifetime of a token for the URL of a WebSocket. */
export const SHORT_TOKEN_SECONDS = 60;

/** Accepted difference between the clocks of two machines. */
const LEEWAY_SECONDS = 60;

/** Verifying a signature costs about 0.1 ms, and clients send the same token repeatedly. */
const CACHED_TOKENS = 4096;

const HEADER = Buffer.from('{"typ":"JWT","alg":"ES256"}').toString('base64url');

/** A valid token and its identity. */
export interface Credentials {
  readonly identity: bigint;
  readonly token: string;
  /** The payload of the token, JSON; modules read it as `ctx.senderAuth.jwt`. */
  readonly claims: Uint8Array;
}

const headerShape = z.object({ alg: z.literal('ES256') });
const name = z.string().min(1).max(128);
const payloadShape = z.looseObject({
  hex_identity: z.string().nullish(),
  sub: name,
  iss: name,
  exp: z.number().nullish(),
  nbf: z.number().nullish(),
});

type Payload = z.infer<typeof payloadShape>;

interface Checked extends Credentials {
  readonly payload: Payload;
}

/** Makes the private key of a host, PEM. */
export function createSigningKey(): Uint8Array {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new Uint8Array(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
}

/** Mints and verifies tokens. */
export class Tokens {
  /** The public key that verifies the tokens, PEM. */
  readonly publicKeyPem: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #world: World;
  readonly #checked = new Map<string, Checked>();

  readonly #issuers: Issuers | undefined;

  /** Tokens of `issuers` are accepted too. */
  constructor(signingKeyPem: Uint8Array, world: World, issuers?: Issuers) {
    this.#issuers = issuers;
    this.#privateKey = createPrivateKey(Buffer.from(signingKeyPem));
    this.#publicKey = createPublicKey(this.#privateKey);
    this.publicKeyPem = this.#publicKey.export({ type: 'spki', format: 'pem' }).toString();
    this.#world = world;
  }

  /** Mints a token without expiry. The same subject gives the same identity; the default is a new one. */
  mint(subject: string = randomUUID()): Credentials {
    const identity = deriveIdentity(LOCAL_ISSUER, subject);
    return this.#sign(identity, {
      hex_identity: identityToHex(identity),
      sub: subject,
      iss: LOCAL_ISSUER,
      aud: ['spacetimedb'],
      iat: this.#nowSeconds(),
      exp: null,
    });
  }

  /**
   * Mints a token with the same claims that lasts a minute, but never longer than the given one, so that repeated swaps do not
   * extend it. It is put into a URL, and URLs are logged.
   */
  mintShort(credentials: Credentials): Credentials {
    const { sub, iss, exp, ...others } = payloadShape.parse(
      JSON.parse(Buffer.from(credentials.claims).toString('utf8')),
    );
    const now = this.#nowSeconds();
    return this.#sign(credentials.identity, {
      hex_identity: identityToHex(credentials.identity),
      sub,
      iss,
      aud: others['aud'] ?? [],
      iat: now,
      exp: Math.min(now + SHORT_TOKEN_SECONDS, exp ?? Infinity),
      ...withoutKeys(others, ['hex_identity', 'aud', 'iat']),
    });
  }

  /** Verifies a token of this host or of a trusted issuer. Throws `TokenError`. */
  async verifyAny(token: string): Promise<Credentials> {
    try {
      return this.verify(token);
    } catch (error) {
      // As on SpacetimeDB: the key of this host is tried first, with any named issuer; then the issuer.
      const issuer = this.#issuers?.find(token);
      if (!issuer || !(error instanceof TokenError)) throw error;
      const claims = await issuer.verify(token, new Date(this.#nowSeconds() * 1000));
      return this.#credentialsOf(token, claims);
    }
  }

  /** Verifies a token of this host. Throws `TokenError`. */
  verify(token: string): Credentials {
    const checked = this.#checked.get(token) ?? this.#check(token);
    this.#checkTimes(checked.payload);
    // Least recently used first: a token that is used again moves to the end.
    this.#checked.delete(token);
    this.#checked.set(token, checked);
    if (this.#checked.size > CACHED_TOKENS) {
      for (const oldest of this.#checked.keys()) {
        this.#checked.delete(oldest);
        break;
      }
    }
    return checked;
  }

  #sign(identity: bigint, payload: object): Credentials {
    const claims = Buffer.from(JSON.stringify(payload));
    const signed = `${HEADER}.${claims.toString('base64url')}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return { identity, token: `${signed}.${signature.toString('base64url')}`, claims };
  }

  #check(token: string): Checked {
    const [header, body, signature, ...more] = token.split('.');
    if (header === undefined || body === undefined || signature === undefined || more.length > 0) {
      throw new TokenError('Invalid token: it does not have three parts');
    }
    const algorithm = headerShape.safeParse(parseJson(header));
    const claims = new Uint8Array(Buffer.from(body, 'base64url'));
    const payload = payloadShape.safeParse(parseJson(body));
    const isSigned =
      algorithm.success &&
      verify(
        'sha256',
        Buffer.from(`${header}.${body}`),
        { key: this.#publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
    if (!isSigned) throw new TokenError(explainRefusal(payload.success ? payload.data : undefined));
    return this.#credentialsOf(token, claims);
  }

  /** The credentials of verified claims. */
  #credentialsOf(token: string, claims: Uint8Array): Checked {
    const payload = payloadShape.safeParse(parseClaims(claims));
    if (!payload.success) throw new TokenError(`Invalid token: ${z.prettifyError(payload.error)}`);
    const identity = deriveIdentity(payload.data.iss, payload.data.sub);
    const claimed = payload.data.hex_identity;
    if (typeof claimed === 'string' && claimed !== identityToHex(identity)) {
      throw new TokenError('Invalid token: hex_identity is not the identity of its issuer and subject');
    }
    return { identity, token, claims, payload: payload.data };
  }

  #checkTimes({ exp, nbf }: Payload): void {
    const now = this.#nowSeconds();
    if (typeof exp === 'number' && now > exp + LEEWAY_SECONDS) throw new TokenError('Invalid token: it has expired');
    if (typeof nbf === 'number' && now < nbf - LEEWAY_SECONDS)
      throw new TokenError('Invalid token: it is not valid yet');
  }

  #nowSeconds(): number {
    return Number(this.#world.now() / 1_000_000n);
  }
}

function withoutKeys(claims: Readonly<Record<string, unknown>>, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => !keys.includes(key)));
}

function explainRefusal(payload: Payload | undefined): string {
  return payload === undefined || payload.iss === LOCAL_ISSUER
    ? 'Invalid token: it was not signed by this host'
    : `Invalid token: this host does not know the issuer ${payload.iss}`;
}

function parseJson(base64url: string): unknown {
  return parseClaims(Buffer.from(base64url, 'base64url'));
}

function parseClaims(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new TokenError(`Invalid token: ${messageOf(cause)}`, { cause });
  }
}

// Trusted issuers of tokens besides the host itself: OpenID Connect providers, with keys from their discovery documents.

import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { TokenError } from './token-error.ts';

/** An OpenID Connect provider whose users may connect. */
export interface IssuerOptions {
  /** The `iss` of its tokens; the URL of its keys is in `/.well-known/openid-configuration` below it. */
  readonly issuer: string;
  /** Accepted audiences. Without it all are accepted: then any client of the issuer can act as its users. */
  readonly audience?: readonly string[];
}

const FETCH_MS = 5_000;
const MAX_DOCUMENT_BYTES = 256 * 1024;
/** Keys are fetched again at this age, and because of an unknown key at most once in the cooldown. */
const KEYS_FRESH_MS = 10 * 60_000;
const KEYS_COOLDOWN_MS = 30_000;
const LEEWAY_SECONDS = 60;
/** Public key algorithms only: a shared secret would have to be stored here. */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

const discoveryShape = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** One issuer and its fetched keys. */
export class Issuer {
  readonly name: string;
  readonly #audience: readonly string[] | undefined;
  #keys: Promise<JWTVerifyGetKey> | undefined;
  #failedAt = Infinity;

  constructor({ issuer, audience }: IssuerOptions) {
    this.name = issuer;
    this.#audience = audience;
  }

  /** Verifies a token and returns its claims. Throws `TokenError`. */
  async verify(token: string, now: Date): Promise<Uint8Array> {
    const keys = await this.#findKeys();
    try {
      await jwtVerify(token, keys, {
        issuer: this.name,
        ...(this.#audience && { audience: [...this.#audience] }),
        algorithms: ALGORITHMS,
        clockTolerance: LEEWAY_SECONDS,
        currentDate: now,
        requiredClaims: ['sub', 'exp'],
      });
      return new Uint8Array(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
    } catch (cause) {
      if (cause instanceof errors.JOSEError) throw new TokenError(`Invalid token: ${cause.message}`, { cause });
      throw new TokenError(`Invalid token: the keys of ${this.name} cannot be fetched: ${messageOf(cause)}`, { cause });
    }
  }

  /** Runs discovery once, and again after a failure and its cooldown. */
  #findKeys(): Promise<JWTVerifyGetKey> {
    if (performance.now() - this.#failedAt > KEYS_COOLDOWN_MS) {
      this.#keys = undefined;
      this.#failedAt = Infinity;
    }
    this.#keys ??= this.#discover().catch((cause: unknown) => {
      this.#failedAt = performance.now();
      throw new TokenError(`Invalid token: the issuer ${this.name} cannot be queried: ${messageOf(cause)}`, { cause });
    });
    return this.#keys;
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const url = `${this.name.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetchDocument(url, { signal: AbortSignal.timeout(FETCH_MS) });
    const { issuer, jwks_uri } = discoveryShape.parse(await answer.json());
    if (issuer !== this.name) throw new Error(`its document names the issuer ${issuer}`);
    return createRemoteJWKSet(new URL(jwks_uri), {
      timeoutDuration: FETCH_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      cacheMaxAge: KEYS_FRESH_MS,
      [customFetch]: fetchDocument,
    });
  }
}

/** The issuers that a host trusts. */
export class Issuers {
  readonly #byName: ReadonlyMap<string, Issuer>;

  constructor(issuers: readonly IssuerOptions[]) {
    this.#byName = new Map(issuers.map(options => [options.issuer, new Issuer(options)]));
  }

  /** The trusted issuer that a token names, if any. */
  find(token: string): Issuer | undefined {
    if (this.#byName.size === 0) return undefined;
    try {
      return this.#byName.get(decodeJwt(token).iss ?? '');
    } catch {
      return undefined;
    }
  }
}

/** Fetches a document of a bounded size. */
async function fetchDocument(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, redirect: 'error' });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_DOCUMENT_BYTES) throw new Error(`${url} answers with more than ${MAX_DOCUMENT_BYTES} bytes`);
    parts.push(part);
  }
  return new Response(Buffer.concat(parts, length), { status: answer.status, headers: answer.headers });
}

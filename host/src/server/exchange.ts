// One HTTP exchange: the request that a route receives, and the response that it returns.

import type { IncomingHttpHeaders } from 'node:http';
import type { Credentials } from './tokens.ts';

/** A request, for the route that handles it. */
export interface Exchange {
  /** Upper case. */
  readonly method: string;
  /** The raw request target, with the query. */
  readonly url: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Values of the named segments of the pattern. */
  readonly params: Readonly<Record<string, string>>;
  /** True if a program on this machine sent the request, without a proxy. */
  readonly isLocal: boolean;
  /** Aborts when the client disconnects. */
  readonly disconnected: AbortSignal;
  /** Reads the body. One longer than `maxBytes`, by default the limit of the host, is refused with 413. */
  body(maxBytes?: number): Promise<Uint8Array>;
}

/** An exchange with an authenticated caller: by its token, or by a new identity minted for it. */
export interface KnownExchange extends Exchange {
  readonly credentials: Credentials;
}

/** A response of a route. */
export interface HttpResponse {
  readonly status: number;
  /** A list is sent as several headers. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** A refused request: thrown anywhere in a route, sent as plain text. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code = 'request/refused';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A plain text response. */
export function textResponse(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** A JSON response. `body` is JSON text: numbers beyond 2^53 would not survive `JSON.stringify`. */
export function jsonResponse(body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Status 200 without a body. */
export const EMPTY_RESPONSE: HttpResponse = { status: 200 };

/** The value of a named segment of the pattern. */
export function param(exchange: Exchange, name: string): string {
  const value = exchange.params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/** A query parameter with a fixed set of words. */
export function choice<T extends string>(exchange: Exchange, name: string, words: readonly T[], otherwise: T): T {
  const given = exchange.query.get(name);
  if (given === null) return otherwise;
  const word = words.find(each => each === given);
  if (word === undefined) throw badQuery(`${name}: unknown variant \`${given}\`, expected one of ${words.join(', ')}`);
  return word;
}

/** A boolean query parameter. */
export function flag(exchange: Exchange, name: string, otherwise: boolean): boolean {
  return choice(exchange, name, ['true', 'false'], otherwise ? 'true' : 'false') === 'true';
}

/** The error for an invalid query string. */
export function badQuery(why: string): HttpError {
  return new HttpError(400, `Failed to deserialize query string: ${why}`);
}

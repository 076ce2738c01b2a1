// One HTTP request as a route sees it, and what a route may answer.

import type { IncomingHttpHeaders } from 'node:http';
import type { Credentials } from './tokens.ts';

/** One HTTP request, for the route that answers it. */
export interface Exchange {
  /** Upper case. */
  readonly method: string;
  /** As it was sent, with the query. */
  readonly url: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** What stands where the pattern has names. */
  readonly params: Readonly<Record<string, string>>;
  /** Whether the request came from this machine. */
  readonly isLocal: boolean;
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
  /** Reads the body, which may be as long as the limits of the host say unless told otherwise; a longer one is refused with 413. */
  body(maxBytes?: number): Promise<Uint8Array>;
}

/** An exchange with somebody who is known: by a token, or as the fresh identity that was minted instead. */
export interface KnownExchange extends Exchange {
  readonly credentials: Credentials;
}

/** What a route answers; without `headers` or `body` there are none. */
export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<string>;
}

/** A request that is not granted: thrown anywhere in a route, answered as plain text. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code = 'request/refused';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** An answer in plain text. */
export function textResponse(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** `body` is finished JSON text: numbers beyond 2^53 would not survive `JSON.stringify`. */
export function jsonResponse(body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Status 200 without a body. */
export const EMPTY_RESPONSE: HttpResponse = { status: 200 };

/** The value of a parameter that the pattern of the route has. */
export function param(exchange: Exchange, name: string): string {
  const value = exchange.params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/** A query parameter that is one of a few words. */
export function choice<T extends string>(exchange: Exchange, name: string, words: readonly T[], otherwise: T): T {
  const given = exchange.query.get(name);
  if (given === null) return otherwise;
  const word = words.find(each => each === given);
  if (word === undefined) throw badQuery(`${name}: unknown variant \`${given}\`, expected one of ${words.join(', ')}`);
  return word;
}

/** A query parameter that is `true` or `false`. */
export function flag(exchange: Exchange, name: string, otherwise: boolean): boolean {
  return choice(exchange, name, ['true', 'false'], otherwise ? 'true' : 'false') === 'true';
}

/** The refusal of a query string that says something else than it may. */
export function badQuery(why: string): HttpError {
  return new HttpError(400, `Failed to deserialize query string: ${why}`);
}

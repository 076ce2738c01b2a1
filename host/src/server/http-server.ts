// HTTP between sockets and routes: routing, credentials, bodies, cross-origin headers, errors as text.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HostError, messageOf } from '../errors.ts';
import { identityToHex } from '../sats/hex.ts';
import { authenticate } from './authenticate.ts';
import { HttpError, textResponse, type HttpResponse, type Exchange } from './exchange.ts';
import { Router, type HttpRoute, type HttpRouteMatch } from './router.ts';
import type { Credentials, Tokens } from './tokens.ts';

const PREFLIGHT_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': '*',
  'access-control-allow-headers': 'authorization,accept,content-type',
};

/** Answers requests by its routes; never throws. */
export class HttpServer {
  #routes: readonly HttpRoute[];
  #router: Router;
  readonly #tokens: Tokens;
  readonly #maxBodyBytes: number;
  readonly #report: (message: string) => void;
  readonly #running = new Set<Promise<void>>();
  readonly #answered = new Map<string, number>();

  /** `report` is called with internal errors. */
  constructor(routes: readonly HttpRoute[], tokens: Tokens, maxBodyBytes: number, report: (message: string) => void) {
    this.#routes = routes;
    this.#router = new Router(routes);
    this.#tokens = tokens;
    this.#maxBodyBytes = maxBodyBytes;
    this.#report = report;
  }

  /** Appends routes. */
  add(...routes: HttpRoute[]): void {
    this.#routes = [...this.#routes, ...routes];
    this.#router = new Router(this.#routes);
  }

  /** Number of responses since the start by status class (`2xx`). */
  get answered(): ReadonlyMap<string, number> {
    return this.#answered;
  }

  /** Resolves when the running requests are answered. */
  async whenIdle(): Promise<void> {
    await Promise.all(this.#running);
  }

  serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const done = this.#serve(request, response).finally(() => {
      this.#running.delete(done);
      const kind = `${Math.floor(response.statusCode / 100)}xx`;
      this.#answered.set(kind, (this.#answered.get(kind) ?? 0) + 1);
    });
    this.#running.add(done);
    return done;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      response.setHeader('access-control-allow-origin', '*');
      const { pathname, searchParams } = parseUrl(request.url ?? '/');
      const method = request.method ?? 'GET';
      const match = this.#router.find(method, pathname);
      const answer =
        method === 'OPTIONS' ? preflight(match) : await this.#answer(match, request, response, searchParams);
      await send(response, answer);
    } catch (error) {
      // Only broken connections fail here: the answer cannot be sent.
      if (!response.destroyed) this.#report(`an answer could not be sent: ${messageOf(error)}`);
      response.destroy();
    }
  }

  async #answer(
    match: HttpRouteMatch,
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
  ): Promise<HttpResponse> {
    try {
      if (match.kind === 'none') return { status: 404 };
      const asks = match.kind === 'found' ? match.route.asks : match.asks;
      const credentials = await this.#identify(asks, request, query);
      if (credentials !== undefined && asks === 'known') {
        response.setHeader('spacetime-identity', identityToHex(credentials.identity));
        response.setHeader('spacetime-identity-token', credentials.token);
      }
      if (match.kind === 'wrong-method') return { status: 405, headers: { allow: match.allowed } };
      const exchange = toExchange(request, response, query, match.params, this.#maxBodyBytes);
      const { route } = match;
      return await (route.asks === 'anyone' || route.asks === 'checked'
        ? route.handle(exchange)
        : route.handle({ ...exchange, credentials: required(credentials) }));
    } catch (error) {
      return this.#explain(error);
    }
  }

  async #identify(
    asks: HttpRoute['asks'],
    request: IncomingMessage,
    query: URLSearchParams,
  ): Promise<Credentials | undefined> {
    if (asks === 'anyone') return undefined;
    const credentials = await authenticate(this.#tokens, request.headers, query);
    return asks === 'known' ? (credentials ?? this.#tokens.mint()) : credentials;
  }

  #explain(error: unknown): HttpResponse {
    if (error instanceof HttpError) return textResponse(error.status, error.message);
    if (error instanceof HostError && error.status !== undefined) return textResponse(error.status, error.message);
    this.#report(`a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return textResponse(500, 'Internal error');
  }
}

/** Sends a whole response; a stream is sent as fast as the client reads. */
export async function send(response: ServerResponse, answer: HttpResponse): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  const { body } = answer;
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0));
    if (answer.status !== 204) response.setHeader('content-length', bytes.length);
    response.end(bytes);
    return;
  }
  response.flushHeaders();
  for await (const part of body) {
    if (response.destroyed) return;
    if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

/** Splits a request target into path and query; malformed targets match no route. */
export function parseUrl(target: string): { pathname: string; searchParams: URLSearchParams } {
  const [pathname = '', ...query] = target.split('?');
  return { pathname, searchParams: new URLSearchParams(query.join('?')) };
}

function required(credentials: Credentials | undefined): Credentials {
  if (credentials === undefined) throw new HttpError(401, 'Authorization required');
  return credentials;
}

function preflight(match: HttpRouteMatch): HttpResponse {
  const allowed = match.kind === 'wrong-method' ? { allow: match.allowed } : undefined;
  return { status: 200, headers: { ...PREFLIGHT_HEADERS, ...allowed } };
}

function toExchange(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  params: Readonly<Record<string, string>>,
  maxBodyBytes: number,
): Exchange {
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    query,
    headers: request.headers,
    params,
    isLocal: isLoopback(request.socket.remoteAddress),
    disconnected: disconnected.signal,
    body: (maxBytes = maxBodyBytes) => readBody(request, maxBytes),
  };
}

/** Reads a body up to a limit. Node reads and drops the rest, so that the client receives the error. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    const bytes = part as Buffer; // a request without an encoding gives buffers
    length += bytes.length;
    if (length > maxBytes) throw new HttpError(413, 'Failed to buffer the request body: length limit exceeded');
    parts.push(bytes);
  }
  return Buffer.concat(parts, length);
}

/** Returns true for a loopback address, also IPv4 mapped into IPv6. */
export function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
}

// HTTP between sockets and routes: routing, credentials, bodies, cross-origin headers, errors as text.

import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { HostError, messageOf } from '../errors.ts';
import { identityToHex } from '../sats/hex.ts';
import { authenticate } from './authenticate.ts';
import { HttpError, textResponse, type HttpResponse, type Exchange } from './exchange.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { Mounts, type HostRoute } from './mounts.ts';
import { Router, type HttpRoute, type HttpRouteMatch } from './router.ts';
import type { Credentials, Tokens } from './tokens.ts';
import { isLocalRequest, type WebAccess } from './web-access.ts';

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': '*',
  'access-control-allow-headers': 'authorization,accept,content-type',
};

/** The parts of a host that its HTTP server uses. */
export interface HttpServerOptions {
  readonly tokens: Tokens;
  readonly access: WebAccess;
  readonly memory: MemoryBudget;
  readonly maxBodyBytes: number;
  readonly closeTimeoutMs: number;
  /** Is called with internal errors. */
  readonly report: (message: string) => void;
}

/** Counts the bytes that one request holds, against those of all connections. */
export interface HeldBytes {
  /** Bytes of the body have arrived. */
  received(bytes: number): void;
  /** The answer has been written, as far as the client has not read it. */
  note(): void;
}

/** Answers requests by its routes; never throws. */
export class HttpServer {
  #routes: readonly HttpRoute[];
  #router: Router;
  #mounts: Mounts;
  readonly #options: HttpServerOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #answered = new Map<string, number>();

  constructor(routes: readonly HttpRoute[], options: HttpServerOptions) {
    this.#routes = routes;
    this.#router = new Router(routes);
    this.#options = options;
    this.#mounts = this.#createMounts([]);
  }

  /** Appends routes. */
  add(...routes: HttpRoute[]): void {
    this.#routes = [...this.#routes, ...routes];
    this.#router = new Router(this.#routes);
  }

  /** Serves the routes of other packages where the host has none. Throws `TypeError` for a path that is not usable. */
  mount(routes: readonly HostRoute[]): void {
    this.#mounts = this.#createMounts(routes);
  }

  #createMounts(routes: readonly HostRoute[]): Mounts {
    const isServed = (path: string) => this.#router.find('GET', path).kind !== 'none';
    return new Mounts(routes, { ...this.#options, isServed });
  }

  /** Ends the requests of mounted routes, and closes them. */
  closeMounts(): Promise<void> {
    return this.#mounts.close();
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
    const held = this.#hold(request, response);
    try {
      await send(response, await this.#answer(request, response, held));
      held.note();
    } catch (error) {
      // The answer cannot be completed: its connection is broken, or its stream failed.
      if (!response.destroyed) this.#options.report(`an answer could not be sent: ${messageOf(error)}`);
      response.destroy();
    } finally {
      // Unread parts of a body would block the next request of the connection.
      request.resume();
    }
  }

  /** Counts the bytes of a request while it is open. */
  #hold(request: IncomingMessage, response: ServerResponse): HeldBytes {
    let received = 0;
    const share = this.#options.memory.share({
      get heldBytes() {
        return received + response.writableLength;
      },
      drop: reason => {
        this.#options.report(`a request to ${request.url?.split('?')[0] ?? ''} was dropped: ${reason}`);
        response.destroy();
        request.destroy();
      },
    });
    response.once('close', () => share.end());
    const note = () => share.note(received + response.writableLength);
    return {
      note,
      received: bytes => {
        received += bytes;
        note();
      },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse, held: HeldBytes): Promise<HttpResponse> {
    try {
      const { pathname, searchParams } = parseUrl(request.url ?? '/');
      const match = this.#router.find(request.method ?? 'GET', pathname);
      const mount = match.kind === 'none' ? this.#mounts.find(pathname) : undefined;
      const { access } = this.#options;
      for (const [name, value] of Object.entries(access.allow(request.headers, mount?.origins))) {
        response.setHeader(name, value);
      }
      if (isPreflight(request, mount)) return preflight(match, request.headers);
      return mount
        ? await this.#mounts.answer(mount, { request, response, query: searchParams, held })
        : await this.#answerRoute(match, request, response, searchParams, held);
    } catch (error) {
      return this.#explain(error);
    }
  }

  async #answerRoute(
    match: HttpRouteMatch,
    request: IncomingMessage,
    response: ServerResponse,
    query: URLSearchParams,
    held: HeldBytes,
  ): Promise<HttpResponse> {
    if (match.kind === 'none') return { status: 404 };
    const asks = match.kind === 'found' ? match.route.asks : match.asks;
    const credentials = await this.#identify(asks, request, query);
    if (credentials !== undefined && asks === 'known') {
      response.setHeader('spacetime-identity', identityToHex(credentials.identity));
      response.setHeader('spacetime-identity-token', credentials.token);
    }
    if (match.kind === 'wrong-method') return { status: 405, headers: { allow: match.allowed } };
    const exchange = toExchange(request, response, query, match.params, this.#options.maxBodyBytes, held);
    const { route } = match;
    return route.asks === 'anyone' || route.asks === 'checked'
      ? route.handle(exchange)
      : route.handle({ ...exchange, credentials: required(credentials) });
  }

  async #identify(
    asks: HttpRoute['asks'],
    request: IncomingMessage,
    query: URLSearchParams,
  ): Promise<Credentials | undefined> {
    if (asks === 'anyone') return undefined;
    const { tokens } = this.#options;
    const credentials = await authenticate(tokens, request.headers, query);
    return asks === 'known' ? (credentials ?? tokens.mint()) : credentials;
  }

  #explain(error: unknown): HttpResponse {
    if (error instanceof HttpError) return textResponse(error.status, error.message);
    if (error instanceof HostError && error.status !== undefined) return textResponse(error.status, error.message);
    this.#options.report(
      `a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
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

/** A mount receives `OPTIONS` requests that do not ask for the permission of a page. */
function isPreflight({ method, headers }: IncomingMessage, mount: HostRoute | undefined): boolean {
  return method === 'OPTIONS' && (mount === undefined || headers['access-control-request-method'] !== undefined);
}

function preflight(
  match: HttpRouteMatch,
  { 'access-control-request-headers': wanted }: IncomingHttpHeaders,
): HttpResponse {
  const allowed = match.kind === 'wrong-method' ? { allow: match.allowed } : undefined;
  // A mount may use any headers.
  const headers =
    match.kind === 'none' && wanted !== undefined ? { 'access-control-allow-headers': wanted } : undefined;
  return { status: 200, headers: { ...PREFLIGHT_HEADERS, ...headers, ...allowed } };
}

function toExchange(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  params: Readonly<Record<string, string>>,
  maxBodyBytes: number,
  held: HeldBytes,
): Exchange {
  const disconnected = new AbortController();
  response.once('close', () => disconnected.abort());
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    query,
    headers: request.headers,
    params,
    isLocal: isLocalRequest(request.socket.remoteAddress, request.headers),
    disconnected: disconnected.signal,
    body: (maxBytes = maxBodyBytes) => readBody(request, maxBytes, held),
  };
}

/** Reads a body up to a limit. The rest is dropped after the answer, so that the client receives the error. */
async function readBody(request: IncomingMessage, maxBytes: number, held: HeldBytes): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    const bytes = part as Buffer; // a request without an encoding gives buffers
    length += bytes.length;
    if (length > maxBytes) throw new HttpError(413, 'Failed to buffer the request body: length limit exceeded');
    held.received(bytes.length);
    parts.push(bytes);
  }
  return Buffer.concat(parts, length);
}

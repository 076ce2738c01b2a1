// Mounts: routes of other packages on the port of the host, as functions from a web `Request` to a `Response`.
//
// A mount serves a path and everything below it, unless the host itself serves it. A failing mount costs its own request
// only. Mounts close before the databases of the host.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import { HttpError, type HttpResponse } from './exchange.ts';
import type { Credentials, Tokens } from './tokens.ts';
import { isLocalRequest } from './web-access.ts';

/** A route of another package: pages, or a protocol of its own. */
export interface HostRoute {
  /** The path prefix, such as `/mcp`: serves `/mcp` and `/mcp/…`; `/` serves all paths that nothing else serves. */
  readonly path: string;
  /** Accepted methods, upper case; others are answered with 405. Default: all. `GET` includes `HEAD`. */
  readonly methods?: readonly string[];
  /** A longer body is answered with 413. Default: `maxBodyBytes` of the host. */
  readonly maxBodyBytes?: number;
  /** Origins of pages that may send requests here, besides those that may use the host; `*` allows all. */
  readonly origins?: readonly string[];
  /**
   * Answers a request. A streaming body is sent as fast as the client reads. `request.signal` aborts when the client
   * disconnects or the host closes; the body is then cancelled.
   */
  readonly handle: (request: Request, context: HostRouteContext) => Response | Promise<Response>;
  /** Is called once when the host closes, before its databases close. */
  readonly close?: () => void | Promise<void>;
}

/** Facts about a request that a `Request` does not carry. */
export interface HostRouteContext {
  /** True if a program on this machine sent the request, without a proxy. */
  readonly isLocal: boolean;
  /** The caller by its token, as on the routes of the host; undefined without a token. An invalid token is answered with 401. */
  readonly authenticate: () => Promise<Credentials | undefined>;
}

/** Paths that belong to the host, also where it has no route. */
const RESERVED = /^\/(v1|host|internal)(\/|$)/;

/** The parts of a host that mounts use. */
export interface MountsOptions {
  readonly tokens: Tokens;
  readonly maxBodyBytes: number;
  readonly closeTimeoutMs: number;
  /** Returns true if the host itself serves a path. */
  readonly isServed: (path: string) => boolean;
  /** Is called with failures of mounts. */
  readonly report: (message: string) => void;
}

/** A request for a mount. */
export interface MountedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Counts the bytes of the body. */
  readonly held: { received(bytes: number): void };
}

/** The mounts of one host. */
export class Mounts {
  readonly #routes: readonly HostRoute[];
  readonly #options: MountsOptions;
  readonly #running = new Set<AbortController>();
  #isClosed = false;

  /** Throws `TypeError` for a path that is not usable. */
  constructor(routes: readonly HostRoute[], options: MountsOptions) {
    for (const [at, { path }] of routes.entries()) {
      const isPath = path === '/' || /^(\/[^/?#]+)+$/.test(path);
      if (!isPath) throw new TypeError(`the path of a route is like "/name", not "${path}"`);
      const isTaken = RESERVED.test(path) || options.isServed(path) || routes.findIndex(r => r.path === path) < at;
      if (isTaken) throw new TypeError(`the path ${path} is already served`);
    }
    // The longest path first: it is the most specific one.
    this.#routes = routes.toSorted((a, b) => b.path.length - a.path.length);
    this.#options = options;
  }

  /** The mount of a path that the host does not serve. */
  find(path: string): HostRoute | undefined {
    if (RESERVED.test(path)) return undefined;
    return this.#routes.find(route => route.path === '/' || path === route.path || path.startsWith(`${route.path}/`));
  }

  /** Answers a request by its mount. Throws what the mount throws. */
  async answer(route: HostRoute, { request, response, query, held }: MountedRequest): Promise<HttpResponse> {
    const { methods, maxBodyBytes = this.#options.maxBodyBytes } = route;
    const method = request.method ?? 'GET';
    if (methods && !methods.includes(method) && !(method === 'HEAD' && methods.includes('GET'))) {
      return { status: 405, headers: { allow: methods.join(',') } };
    }
    if (this.#isClosed) throw new HttpError(503, 'the host is closing');
    const ended = new AbortController();
    this.#running.add(ended);
    response.once('close', () => {
      if (!response.writableFinished) ended.abort();
      this.#running.delete(ended);
    });
    const answer = await route.handle(toRequest(request, maxBodyBytes, ended.signal, held), {
      isLocal: isLocalRequest(request.socket.remoteAddress, request.headers),
      authenticate: () => authenticate(this.#options.tokens, request.headers, query),
    });
    return toHttpResponse(answer, ended.signal);
  }

  /** Ends streaming answers, then closes the mounts within the time that a closing host has. Never throws. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const request of this.#running) request.abort();
    const closing = this.#routes.map(async ({ path, close }) => {
      try {
        await close?.();
      } catch (error) {
        this.#options.report(`the route ${path} did not close: ${messageOf(error)}`);
      }
    });
    await Promise.race([Promise.all(closing), setTimeout(this.#options.closeTimeoutMs, undefined, { ref: false })]);
  }
}

function toRequest(
  request: IncomingMessage,
  maxBodyBytes: number,
  signal: AbortSignal,
  held: MountedRequest['held'],
): Request {
  const { method = 'GET', headers, url = '/' } = request;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  if (hasBody && Number(headers['content-length'] ?? 0) > maxBodyBytes) throw bodyTooLong();
  try {
    return new Request(`http://${headers.host ?? 'localhost'}${url}`, {
      method,
      headers: toHeaders(headers),
      signal,
      ...(hasBody && { body: boundedBody(request, maxBodyBytes, held), duplex: 'half' }),
    });
  } catch (cause) {
    throw new HttpError(400, `the request is not valid: ${messageOf(cause)}`, { cause });
  }
}

function toHeaders(given: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(given)) {
    for (const each of Array.isArray(value) ? value : [value]) headers.append(name, each);
  }
  return headers;
}

/** The body as a stream that fails with 413 beyond its limit. */
function boundedBody(
  request: IncomingMessage,
  maxBytes: number,
  held: MountedRequest['held'],
): ReadableStream<Uint8Array> {
  const parts = request.iterator({ destroyOnReturn: false });
  let length = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await parts.next();
      if (next.done === true) {
        controller.close();
        return;
      }
      const bytes = next.value as Buffer; // a request without an encoding gives buffers
      length += bytes.length;
      if (length > maxBytes) throw bodyTooLong();
      held.received(bytes.length);
      controller.enqueue(new Uint8Array(bytes));
    },
    async cancel() {
      await parts.return?.();
    },
  });
}

function bodyTooLong(): HttpError {
  return new HttpError(413, 'Failed to buffer the request body: length limit exceeded');
}

function toHttpResponse(answer: Response, signal: AbortSignal): HttpResponse {
  const headers: Record<string, string | readonly string[]> = Object.fromEntries(answer.headers);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  const { status, body } = answer;
  // `Response.error()` has the status 0.
  if (status < 200) throw new TypeError(`a route answered with the status ${status}`);
  return { status, headers, ...(body && { body: partsOf(body, signal) }) };
}

/** Reads a stream until it ends or the signal aborts, which cancels it. */
async function* partsOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

// Routes as data, and the lookup of the route for a request.

import type { HttpResponse, Exchange, KnownExchange } from './exchange.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'ANY';

/**
 * A route. `asks` is its authentication: `anyone` (tokens are ignored), `checked` (a token is optional, but must be valid),
 * `known` (a caller without a token gets a new identity, returned in the headers), `token` (a token is required).
 */
export type HttpRoute = { readonly method: Method; readonly pattern: string } & (
  | {
      readonly asks: 'anyone' | 'checked';
      readonly handle: (exchange: Exchange) => HttpResponse | Promise<HttpResponse>;
    }
  | {
      readonly asks: 'known' | 'token';
      readonly handle: (exchange: KnownExchange) => HttpResponse | Promise<HttpResponse>;
    }
);

/** The route of a request, or the reason why there is none. */
export type HttpRouteMatch =
  | { readonly kind: 'found'; readonly route: HttpRoute; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'wrong-method'; readonly allowed: string; readonly asks: HttpRoute['asks'] }
  | { readonly kind: 'none' };

/** Finds routes by method and path. A pattern has literal segments, `:name`s, and optionally a `*name` for the rest. */
export class Router {
  readonly #routes: readonly { readonly route: HttpRoute; readonly segments: readonly string[] }[];

  constructor(routes: readonly HttpRoute[]) {
    this.#routes = routes.map(route => ({ route, segments: route.pattern.split('/') }));
  }

  find(method: string, path: string): HttpRouteMatch {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const given = path.split('/');
    const others: HttpRoute[] = [];
    for (const { route, segments } of this.#routes) {
      const params = matchSegments(segments, given);
      if (params === undefined) continue;
      if (route.method === wanted || route.method === 'ANY') return { kind: 'found', route, params };
      others.push(route);
    }
    const [first] = others;
    if (first === undefined) return { kind: 'none' };
    const allowed = others.map(route => (route.method === 'GET' ? 'GET,HEAD' : route.method)).join(',');
    return { kind: 'wrong-method', allowed, asks: first.asks };
  }
}

function matchSegments(pattern: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [at, segment] of pattern.entries()) {
    if (segment.startsWith('*')) {
      params[segment.slice(1)] = given.slice(at).join('/');
      return params;
    }
    const value = given[at];
    if (value === undefined) return undefined;
    if (segment.startsWith(':')) {
      if (value === '') return undefined;
      params[segment.slice(1)] = decodeSegment(value);
    } else if (segment !== value) return undefined;
  }
  return pattern.length === given.length ? params : undefined;
}

/** Decodes a segment; one with a broken escape is used unchanged, since it matches no name. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

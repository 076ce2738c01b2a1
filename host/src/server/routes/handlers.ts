// `/:db/route/…`: requests for the HTTP handlers of a module, without authentication; pinned by the recording `http.jsonl`
// in `tests/conformance`.

import type { IncomingHttpHeaders } from 'node:http';
import type { Databases } from '../databases.ts';
import { param, type HttpResponse, type Exchange } from '../exchange.ts';
import type { HttpRoute } from '../router.ts';

/** The routes that pass requests to the HTTP handlers of a module. */
export function handlerRoutes(databases: Databases): HttpRoute[] {
  const handle = async (exchange: Exchange): Promise<HttpResponse> => {
    const { database } = databases.open(param(exchange, 'db'));
    const body = await exchange.body();
    const rest = exchange.params['path'];
    const path = rest === undefined ? '' : `/${rest}`;
    const answer = database.handleHttp(exchange.method, path, absoluteUrl(exchange), exchange.headers, body);
    await database.whenDurable(database.datastore.commitNumber);
    return answer;
  };
  return [
    { method: 'ANY', pattern: '/v1/database/:db/route', asks: 'anyone', handle },
    { method: 'ANY', pattern: '/v1/database/:db/route/*path', asks: 'anyone', handle },
  ];
}

/** The URL that the client requested, also behind a proxy. */
function absoluteUrl({ headers, url }: Exchange): string {
  const scheme = first(headers, 'x-forwarded-proto') ?? 'http';
  const host = first(headers, 'x-forwarded-host') ?? headers.host ?? 'localhost';
  return `${scheme}://${host}${url}`;
}

function first(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim();
}

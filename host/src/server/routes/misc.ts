// Routes about the host itself.

import { parseIdentity } from '../../sats/hex.ts';
import { writeJson } from '../../sats/json-text.ts';
import type { World } from '../../world.ts';
import { EMPTY_RESPONSE, jsonResponse, param, HttpError, type HttpResponse, type Exchange } from '../exchange.ts';
import type { Metrics } from '../metrics.ts';
import type { HttpRoute } from '../router.ts';

/** The routes for ping, health, metrics and time. */
export function miscRoutes(version: string, world: World, metrics: Metrics): HttpRoute[] {
  const status = { package_name: '@agora/host', version, nodes: [], schedulable: true };
  // SpacetimeDB's answer, and with more fields on the host's own path.
  const recorded = (): HttpResponse => jsonResponse(writeJson(status));
  const health = (): HttpResponse => jsonResponse(writeJson({ ...status, ...metrics.health() }));
  const measure = async (): Promise<HttpResponse> => ({
    status: 200,
    headers: { 'content-type': metrics.contentType },
    body: await metrics.text(),
  });
  return [
    { method: 'GET', pattern: '/v1/ping', asks: 'checked', handle: () => EMPTY_RESPONSE },
    { method: 'GET', pattern: '/v1/health', asks: 'anyone', handle: recorded },
    { method: 'GET', pattern: '/health', asks: 'anyone', handle: health },
    { method: 'GET', pattern: '/v1/metrics', asks: 'anyone', handle: measure },
    { method: 'GET', pattern: '/metrics', asks: 'anyone', handle: measure },
    // This host charges nothing: the balance is always 0.
    ...(['GET', 'PUT', 'POST'] as const).map((method): HttpRoute => ({
      method,
      pattern: '/v1/energy/:identity',
      asks: 'anyone',
      handle: balance,
    })),
    {
      method: 'GET',
      pattern: '/v1/database/:db/unstable/timestamp',
      asks: 'known',
      handle: () => jsonResponse(writeJson({ __timestamp_micros_since_unix_epoch__: world.now() })),
    },
  ];
}

function balance(exchange: Exchange): HttpResponse {
  const text = param(exchange, 'identity');
  if (parseIdentity(text) === undefined) throw new HttpError(400, `${text} is no identity`);
  return jsonResponse('{"balance":"0"}');
}

// Publishing a module over HTTP, and the plan for it beforehand; pinned by the recording `publish.jsonl` in
// `tests/conformance`.

import { HostError } from '../../errors.ts';
import { identityToHex, parseIdentity } from '../../sats/hex.ts';
import { writeJson } from '../../sats/json-text.ts';
import { checkDatabaseName } from '../database-name.ts';
import type { Databases, Published } from '../databases.ts';
import {
  choice,
  flag,
  jsonResponse,
  param,
  HttpError,
  type HttpResponse,
  type Exchange,
  type KnownExchange,
} from '../exchange.ts';
import { planJson } from '../migration-text.ts';
import type { Publishers } from '../publishers.ts';
import type { HttpRoute } from '../router.ts';

/** Options of the publish routes. */
export interface PublishOptions {
  readonly publishers: Publishers;
  readonly maxBundleBytes: number;
}

/** The routes that publish a module or show the plan for it. */
export function publishRoutes(databases: Databases, { publishers, maxBundleBytes }: PublishOptions): HttpRoute[] {
  const readBundle = async (exchange: KnownExchange): Promise<Uint8Array> => {
    publishers.check(exchange);
    checkHostType(exchange);
    return exchange.body(maxBundleBytes);
  };
  return [
    {
      method: 'POST',
      pattern: '/v1/database',
      asks: 'known',
      async handle(exchange) {
        const bundle = await readBundle(exchange);
        return published(await databases.create(exchange.credentials.identity, bundle));
      },
    },
    {
      method: 'PUT',
      pattern: '/v1/database/:db',
      asks: 'known',
      async handle(exchange) {
        const target = param(exchange, 'db');
        const policy = choice(exchange, 'policy', ['Compatible', 'BreakClients'], 'Compatible');
        const token = exchange.query.get('token') ?? undefined;
        const isCleared = flag(exchange, 'clear', false);
        if (parseIdentity(target) === undefined) checkDatabaseName(target);
        const bundle = await readBundle(exchange);
        const allowed = { isCleared, breaksClients: policy === 'BreakClients' ? { token } : 'never' } as const;
        return published(
          await databases.publish(target, exchange.credentials.identity, bundle, allowed).catch(explain),
        );
      },
    },
    {
      method: 'PUT',
      pattern: '/v1/database/:db/reset',
      asks: 'known',
      async handle(exchange) {
        const bundle = await readBundle(exchange);
        const { identity, database } = databases.open(param(exchange, 'db'));
        databases.authorize(identity, exchange.credentials.identity, 'reset database');
        const program = bundle.length === 0 ? database.programBytes : bundle;
        const allowed = { isCleared: true, breaksClients: 'always' } as const;
        return published(
          await databases.publish(identityToHex(identity), exchange.credentials.identity, program, allowed),
        );
      },
    },
    {
      method: 'POST',
      pattern: '/v1/database/:db/pre_publish',
      asks: 'known',
      async handle(exchange) {
        const style = choice(exchange, 'style', ['AnsiColor', 'NoColor'], 'AnsiColor');
        const bundle = await readBundle(exchange);
        const { identity, database } = databases.open(param(exchange, 'db'));
        databases.authorize(identity, exchange.credentials.identity, 'update database');
        return jsonResponse(writeJson(planJson(database, bundle, style === 'AnsiColor')));
      },
    },
  ];
}

function checkHostType(exchange: Exchange): void {
  for (const name of ['parent', 'organization', 'org']) {
    if (exchange.query.has(name)) {
      throw new HttpError(
        400,
        `this host knows no ${name === 'parent' ? 'parent databases' : 'organizations'}: leave it out`,
      );
    }
  }
  const replicas = exchange.query.get('num_replicas');
  if (replicas !== null && replicas !== '1')
    throw new HttpError(400, 'this host keeps one copy: num_replicas must be 1');
  const type = choice(exchange, 'host_type', ['Wasm', 'Js'], 'Wasm');
  if (type !== 'Js') throw new HttpError(400, 'this host runs JavaScript modules only: publish with host_type=Js');
}

function published({ name, identity, operation }: Published): HttpResponse {
  const success = { domain: name ?? null, database_identity: identityToHex(identity), op: operation };
  return jsonResponse(writeJson({ Success: success }));
}

/** Replaces the host's error for a breaking module by the one of SpacetimeDB. */
function explain(cause: unknown): never {
  if (!(cause instanceof HostError) || cause.code !== 'publish/breaks-clients') throw cause;
  throw new HttpError(400, `Failed to create or update the database: ${cause.message}`, { cause });
}

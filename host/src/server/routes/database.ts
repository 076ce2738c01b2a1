// Routes that describe, name, lock and delete a database.

import { z } from 'zod';
import { identityToHex } from '../../sats/hex.ts';
import { writeJson, type JsonData } from '../../sats/json-text.ts';
import { moduleJson } from '../../schema/module-json.ts';
import { checkDatabaseName } from '../database-name.ts';
import type { Databases } from '../databases.ts';
import {
  badQuery,
  EMPTY_RESPONSE,
  jsonResponse,
  param,
  HttpError,
  textResponse,
  type KnownExchange,
} from '../exchange.ts';
import { programHash } from '../program-hash.ts';
import type { Publishers } from '../publishers.ts';
import type { HttpRoute } from '../router.ts';

/** The routes that describe, name, lock and delete a database. */
export function databaseRoutes(databases: Databases, publishers: Publishers): HttpRoute[] {
  /** Throws `HttpError` unless the caller may publish here and owns the database. */
  const authorize = (exchange: KnownExchange, action: string): bigint => {
    const identity = databases.identityOf(param(exchange, 'db'));
    databases.authorize(identity, exchange.credentials.identity, action);
    publishers.check(exchange);
    return identity;
  };
  return [
    {
      method: 'GET',
      pattern: '/v1/database/:db',
      asks: 'known',
      handle(exchange) {
        const { identity, database } = databases.open(param(exchange, 'db'));
        return jsonResponse(
          writeJson({
            database_identity: identityJson(identity),
            owner_identity: identityJson(database.owner),
            host_type: { Js: [] },
            initial_program: programHash(database.programBytes),
          }),
        );
      },
    },
    {
      method: 'GET',
      pattern: '/v1/database/:db/identity',
      asks: 'known',
      handle: exchange => textResponse(200, identityToHex(databases.identityOf(param(exchange, 'db')))),
    },
    {
      method: 'GET',
      pattern: '/v1/database/:db/names',
      asks: 'known',
      handle: exchange =>
        jsonResponse(writeJson({ names: databases.namesOf(databases.identityOf(param(exchange, 'db'))) })),
    },
    {
      method: 'POST',
      pattern: '/v1/database/:db/names',
      asks: 'known',
      async handle(exchange) {
        const name = new TextDecoder().decode(await exchange.body()).trim();
        checkDatabaseName(name);
        const identity = authorize(exchange, 'rename database');
        await databases.addName(identity, name);
        return jsonResponse(writeJson({ Success: { domain: name, database_identity: identityToHex(identity) } }));
      },
    },
    {
      method: 'PUT',
      pattern: '/v1/database/:db/names',
      asks: 'known',
      async handle(exchange) {
        const names = readNames(new TextDecoder().decode(await exchange.body()));
        for (const name of names) checkDatabaseName(name);
        const identity = authorize(exchange, 'rename database');
        await databases.setNames(identity, names);
        return jsonResponse('"Success"');
      },
    },
    ...(['lock', 'unlock'] as const).map((word): HttpRoute => ({
      method: 'POST',
      pattern: `/v1/database/:db/${word}`,
      asks: 'known',
      async handle(exchange) {
        const identity = authorize(exchange, `${word} database`);
        await databases.lock(identity, word === 'lock');
        return EMPTY_RESPONSE;
      },
    })),
    {
      method: 'GET',
      pattern: '/v1/database/:db/schema',
      asks: 'known',
      handle(exchange) {
        const version = exchange.query.get('version');
        if (version === null) throw badQuery('missing field `version`');
        if (version !== '9' && version !== '10') throw badQuery(`unknown variant \`${version}\`, expected 9 or 10`);
        const { database } = databases.open(param(exchange, 'db'));
        return jsonResponse(moduleJson(database.raw, version === '9' ? 9 : 10));
      },
    },
    {
      method: 'DELETE',
      pattern: '/v1/database/:db',
      asks: 'known',
      async handle(exchange) {
        const identity = authorize(exchange, 'delete database');
        await databases.delete(identity);
        return EMPTY_RESPONSE;
      },
    },
  ];
}

/** Names of one database. */
const MAX_NAMES = 64;

function readNames(body: string): readonly string[] {
  try {
    return z.array(z.string()).min(1).max(MAX_NAMES).parse(JSON.parse(body));
  } catch (cause) {
    throw new HttpError(400, `a JSON list of 1 to ${MAX_NAMES} names is expected`, { cause });
  }
}

function identityJson(identity: bigint): JsonData {
  return { __identity__: `0x${identityToHex(identity)}` };
}

// `POST /:db/call/:function`: calls a reducer or procedure with JSON arguments, on a connection for this request; pinned
// by the recording `http.jsonl` in `tests/conformance`.

import type { Database } from '../../database.ts';
import type { Caller } from '../../database/outcome.ts';
import type { ProcedureDef, ReducerDef } from '../../schema/definition.ts';
import { fromJson, toJson } from '../../sats/json.ts';
import { JsonError } from '../../sats/json-text.ts';
import { BsatnReader } from '../../sats/reader.ts';
import type { ProductType } from '../../sats/type.ts';
import { decodeValue, encodeValue } from '../../sats/value.ts';
import { BsatnWriter } from '../../sats/writer.ts';
import type { Databases } from '../databases.ts';
import { jsonResponse, param, HttpError, textResponse, type HttpResponse, type KnownExchange } from '../exchange.ts';
import type { HttpRoute } from '../router.ts';
import type { RequestConnections } from '../request-connections.ts';

/** The route that calls a reducer or procedure. */
export function callRoutes(databases: Databases, connections: RequestConnections): HttpRoute[] {
  return [
    {
      method: 'POST',
      pattern: '/v1/database/:db/call/:function',
      asks: 'known',
      async handle(exchange) {
        checkContentType(exchange);
        const json = new TextDecoder().decode(await exchange.body());
        const { database } = databases.open(param(exchange, 'db'));
        return connections.run(database, exchange.credentials, caller =>
          callFunction(database, caller, param(exchange, 'function'), json),
        );
      },
    },
  ];
}

function checkContentType({ headers }: KnownExchange): void {
  const type = headers['content-type'];
  if (type === undefined) throw new HttpError(400, 'Header of type `content-type` was missing');
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new HttpError(415, 'Expected request with `Content-Type: application/json`');
  }
}

function callFunction(database: Database, caller: Caller, name: string, json: string): HttpResponse {
  const { def } = database;
  const isOwner = caller.identity === database.owner;
  const reducer = def.reducers.find(each => each.name === name);
  if (reducer?.lifecycle !== undefined || (reducer !== undefined && (isOwner || !reducer.isPrivate))) {
    return callReducer(database, caller, reducer, json);
  }
  const procedure = def.procedures.find(each => each.name === name);
  if (procedure !== undefined && (isOwner || !procedure.isPrivate)) {
    return callProcedure(database, caller, procedure, json);
  }
  database.log.addMismatch('procedure', name, 'unknown');
  throw new HttpError(404, 'No such procedure');
}

function callReducer(
  database: Database,
  caller: Caller,
  { name, params, lifecycle }: ReducerDef,
  json: string,
): HttpResponse {
  const args = lifecycle === undefined ? encodeArgs(database, 'reducer', name, params, json) : new Uint8Array();
  const outcome = database.call(name, args, caller);
  switch (outcome.kind) {
    case 'committed': {
      const answer = textResponse(200, '');
      const cost = {
        'spacetime-energy-used': '0',
        'spacetime-execution-duration-micros': String(outcome.durationMicros),
      };
      return { ...answer, headers: { ...answer.headers, ...cost } };
    }
    case 'failed':
    case 'internal':
      // SpacetimeDB's own status for a failed reducer.
      return textResponse(530, outcome.message);
    default:
      return textResponse(400, outcome.message);
  }
}

function callProcedure(database: Database, caller: Caller, def: ProcedureDef, json: string): HttpResponse {
  const args = encodeArgs(database, 'procedure', def.name, def.params, json);
  const outcome = database.runProcedure(def.name, args, caller);
  if (outcome.kind !== 'returned') return textResponse(500, outcome.message);
  const { typespace } = database.def;
  const value = decodeValue(def.returns, typespace, new BsatnReader(outcome.value));
  const answer = jsonResponse(toJson(def.returns, typespace, value));
  const cost = { 'spacetime-execution-duration-micros': String(outcome.durationMicros) };
  return { ...answer, headers: { ...answer.headers, ...cost } };
}

function encodeArgs(
  database: Database,
  kind: 'reducer' | 'procedure',
  name: string,
  params: ProductType,
  json: string,
): Uint8Array {
  const { typespace } = database.def;
  try {
    const writer = new BsatnWriter();
    encodeValue(params, typespace, fromJson(params, typespace, json), writer);
    return writer.finish();
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    database.log.addMismatch(kind, name, 'arguments');
    throw new HttpError(400, `invalid arguments for ${kind} ${name}: ${cause.message}`, { cause });
  }
}

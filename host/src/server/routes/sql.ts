// `POST /:db/sql`: runs one SQL statement.

import { QueryError } from '../../query/query-error.ts';
import { runStatement, statementJson } from '../../query/statement.ts';
import type { Databases } from '../databases.ts';
import { flag, jsonResponse, param, HttpError } from '../exchange.ts';
import type { HttpRoute } from '../router.ts';
import type { RequestConnections } from '../request-connections.ts';

/** The route that runs an SQL statement. */
export function sqlRoutes(databases: Databases, connections: RequestConnections): HttpRoute[] {
  return [
    {
      method: 'POST',
      pattern: '/v1/database/:db/sql',
      asks: 'known',
      async handle(exchange) {
        const sql = new TextDecoder().decode(await exchange.body());
        const isConfirmed = flag(exchange, 'confirmed', true);
        const { database, variables } = databases.open(param(exchange, 'db'));
        const begun = performance.now();
        try {
          const result = await connections.run(
            database,
            exchange.credentials,
            caller => runStatement(database, sql, caller, variables),
            isConfirmed,
          );
          return jsonResponse(statementJson(result, Math.round((performance.now() - begun) * 1000)));
        } catch (cause) {
          if (cause instanceof QueryError) throw new HttpError(400, cause.message, { cause });
          throw cause;
        }
      },
    },
  ];
}

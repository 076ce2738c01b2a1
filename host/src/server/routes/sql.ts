// `POST /:db/sql`: runs one SQL statement.

import { createQueryBudget, type QueryLimits } from '../../query/query-budget.ts';
import { QueryError } from '../../query/query-error.ts';
import { runStatement, statementJson } from '../../query/statement.ts';
import type { Databases } from '../databases.ts';
import { flag, jsonResponse, param, HttpError } from '../exchange.ts';
import type { QueryPacer } from '../query-pacer.ts';
import type { HttpRoute } from '../router.ts';
import type { RequestConnections } from '../request-connections.ts';

/** The route that runs an SQL statement. Callers other than the owner share a part of the time. */
export function sqlRoutes(
  databases: Databases,
  connections: RequestConnections,
  limits: QueryLimits,
  pacer: QueryPacer,
): HttpRoute[] {
  return [
    {
      method: 'POST',
      pattern: '/v1/database/:db/sql',
      asks: 'known',
      async handle(exchange) {
        const sql = new TextDecoder().decode(await exchange.body());
        const isConfirmed = flag(exchange, 'confirmed', true);
        const { database, variables } = databases.open(param(exchange, 'db'));
        const isOwner = exchange.credentials.identity === database.owner;
        const run = () =>
          connections.run(
            database,
            exchange.credentials,
            caller => {
              const begun = performance.now();
              const budget = createQueryBudget(isOwner, limits);
              const result = runStatement(database, sql, caller, variables, budget);
              return statementJson(result, Math.round((performance.now() - begun) * 1000));
            },
            isConfirmed,
          );
        try {
          return jsonResponse(await (isOwner ? run() : pacer.run(run, exchange.disconnected)));
        } catch (cause) {
          if (cause instanceof QueryError) throw new HttpError(400, cause.message, { cause });
          throw cause;
        }
      },
    },
  ];
}

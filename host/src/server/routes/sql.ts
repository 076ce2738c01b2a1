// `POST /:db/sql`: one statement of SQL.

import { QueryError } from '../../query/query-error.ts';
import { runStatement, statementJson } from '../../query/statement.ts';
import type { Databases } from '../databases.ts';
import { flag, jsonAnswer, param, Refusal } from '../exchange.ts';
import type { Route } from '../router.ts';
import type { Visits } from '../visit.ts';

/** The route that runs a statement of SQL. */
export function sqlRoutes(databases: Databases, visits: Visits): Route[] {
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
          const result = await visits.visit(
            database,
            exchange.credentials,
            caller => runStatement(database, sql, caller, variables),
            isConfirmed,
          );
          return jsonAnswer(statementJson(result, Math.round((performance.now() - begun) * 1000)));
        } catch (cause) {
          if (cause instanceof QueryError) throw new Refusal(400, cause.message, { cause });
          throw cause;
        }
      },
    },
  ];
}

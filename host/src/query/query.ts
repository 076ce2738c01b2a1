// A query that returns the rows of one table: subscriptions, one-off queries, and the SQL that a view returns.

import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';
import type { QuerySource, SystemVariables } from './source.ts';

/** The rows that a query gives, all of one table or view. */
export interface QueryResult {
  readonly table: Table;
  /** A row stands here once for each way in which it is derived. */
  readonly rows: readonly Row[];
}

/** Runs one query of the subscription grammar. Throws `QueryError`. */
export function runQuery(
  _source: QuerySource,
  _sql: string,
  _caller: bigint,
  _variables?: SystemVariables,
): QueryResult {
  throw new Error('unfinished');
}

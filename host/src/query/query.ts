// Queries that return rows of one table: subscriptions, one-off queries, and the SQL that a view returns.

import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';
import { type CheckedSelect, checkSelect, returnedRelation } from './check-select.ts';
import { parseSubscription } from './parser.ts';
import { createQueryBudget } from './query-budget.ts';
import { QueryPlan } from './query-plan.ts';
import { QueryError } from './query-error.ts';
import { narrowed } from './row-level-security.ts';
import { callerScope, type Relation, type Scope } from './scope.ts';
import type { QuerySource, SystemVariables } from './source.ts';

/** A query of the subscription grammar, checked and bound to its tables. */
export interface TableQuery {
  readonly plan: QueryPlan;
  /** The relation whose rows it returns, by position. */
  readonly returned: number;
  readonly table: Table;
}

/** The result of a query: rows of one table or view. */
export interface QueryResult {
  readonly table: Table;
  /** A row occurs once for each of its derivations. */
  readonly rows: readonly Row[];
}

/** Runs one query of the subscription grammar. Throws `QueryError` or `query/over-budget`. */
export function runQuery(
  source: QuerySource,
  sql: string,
  caller: bigint,
  variables?: SystemVariables,
  budget = createQueryBudget(caller === source.owner),
): QueryResult {
  const queries = compileQueries(sql, callerScope(source, caller, budget));
  if (caller !== source.owner) for (const { plan } of queries) refuseManyRows(plan, variables);
  const rows = queries.flatMap(({ plan, returned }) => plan.rowsOf(returned, budget));
  return { table: queries[0].table, rows };
}

/** Compiles a query of the subscription grammar for a caller who sees every row. Throws `QueryError`. */
export function compileTableQuery(sql: string, scope: Scope): TableQuery {
  return bind(checkSelect(parseSubscription(sql), scope));
}

/**
 * As `compileTableQuery`, for a query to watch: at most one join, by indexes. For a caller whose tables have row-level
 * rules it returns one query for each combination of rules; their results add up.
 */
export function compileWatchedQueries(sql: string, scope: Scope): SomeQueries {
  return compileQueries(sql, scope, refuseUnwatchable);
}

/** The row limit of callers other than the owner while `SET row_limit` has set no other. */
const DEFAULT_ROW_LIMIT = 1_000_000n;

type SomeQueries = readonly [TableQuery, ...TableQuery[]];

function compileQueries(sql: string, scope: Scope, refuse?: (checked: CheckedSelect) => void): SomeQueries {
  const checked = checkSelect(parseSubscription(sql), scope);
  returnedRelation(checked);
  const [first, ...others] = narrowed(checked, scope);
  const bound = (one: CheckedSelect): TableQuery => {
    refuse?.(one);
    return bind(one);
  };
  return [bound(first), ...others.map(bound)];
}

/** Throws `QueryError` for a plan that would read more rows than allowed. */
export function refuseManyRows(plan: QueryPlan, variables: SystemVariables | undefined): void {
  const limit = variables?.rowLimit ?? DEFAULT_ROW_LIMIT;
  const rows = plan.estimate();
  if (BigInt(rows) <= limit) return;
  throw new QueryError('query/limit', `Estimated cardinality (${rows} rows) exceeds limit (${limit} rows)`);
}

function bind(checked: CheckedSelect): TableQuery {
  const returned = returnedRelation(checked);
  const plan = new QueryPlan(checked);
  const table = plan.relations[returned]?.table;
  if (!table) throw new Error('a query returns one of its relations');
  return { plan, returned, table };
}

function refuseUnwatchable({ relations, joins }: CheckedSelect): void {
  for (const [at, relation] of relations.entries()) {
    if (at === 0) continue;
    const join = joins[at];
    const isOfTwo = join && join.left.relation !== join.right.relation;
    if (!isOfTwo || !hasJoinIndexes(relations, [join.left, join.right])) {
      throw new QueryError('query/unsupported', 'Subscriptions require indexes on join columns');
    }
    if (relation.isEvent) {
      throw new QueryError(
        'query/unsupported',
        'Event tables cannot be used as the lookup table in subscription joins',
      );
    }
  }
  if (relations.length > 2) {
    throw new QueryError('query/unsupported', `Invalid number of tables in subscription: ${relations.length}`);
  }
}

/** An event never joins a later row, so no index on events is needed. */
function hasJoinIndexes(
  relations: readonly Relation[],
  columns: readonly { readonly relation: number; readonly column: number }[],
): boolean {
  return columns.every(({ relation: at, column }) => {
    const relation = relations[at];
    return relation !== undefined && (relation.isEvent || isIndexed(relation, column));
  });
}

/** A view declares no index, but can be searched by its primary key. */
function isIndexed(relation: Relation, column: number): boolean {
  const { def } = relation.open();
  if (relation.isView && def.primaryKey === column) return true;
  return def.indexes.some(({ columns: [first, ...others] }) => first === column && others.length === 0);
}

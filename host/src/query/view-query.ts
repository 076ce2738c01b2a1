// SQL returned by a view instead of rows (RawSql): runs with the owner's rights and the caller's identity.

import { type Table, type Index } from '../datastore/table.ts';
import type { ViewDef } from '../schema/definition.ts';
import { OWNER_QUERY_LIMITS, QueryBudget } from './query-budget.ts';
import type { PlanRelation } from './query-plan.ts';
import { compileTableQuery } from './query.ts';
import { QueryError } from './query-error.ts';
import { viewScope } from './scope.ts';
import type { QuerySource } from './source.ts';
import { isSameType, typeName } from './type-name.ts';

/** Receives the read set of a query: a change of a row with that key, or of any row of that table, may change the result. */
export interface QueryReads {
  point(index: Index, key: string): void;
  whole(table: Table): void;
}

/** A view's query with its read set. */
export interface ViewQuery {
  /** Every table read, once. */
  readonly tables: readonly Table[];
  /** Reports the read set, as narrow as the conditions allow. */
  noteReads(reads: QueryReads): void;
  /** The current rows, including duplicates. Throws `query/over-budget`. */
  rows(): Uint8Array[];
}

/**
 * Compiles the SQL of a view; undefined for empty SQL, which means no rows. Throws `QueryError`, also if the query reads
 * another view or returns rows of another type than the view declares.
 */
export function compileViewQuery(
  source: Pick<QuerySource, 'def' | 'datastore'>,
  view: ViewDef,
  sql: string,
  caller: bigint,
): ViewQuery | undefined {
  if (sql.trim() === '') return undefined;
  const { plan, returned, table } = compileTableQuery(sql, viewScope(source, caller));
  refuseOtherType(source, view, table);
  return {
    tables: [...new Set(plan.relations.map(relation => relation.table))],
    noteReads: reads => {
      for (const relation of plan.relations) noteRelation(relation, reads);
    },
    rows: () => plan.rowsOf(returned, new QueryBudget(OWNER_QUERY_LIMITS)).map(row => row.bytes),
  };
}

function noteRelation({ table, guard }: PlanRelation, reads: QueryReads): void {
  const points = guard?.map(({ column, key }) => ({ index: indexOn(table, column), key }));
  if (!points?.every(isIndexed)) reads.whole(table);
  else for (const { index, key } of points) reads.point(index, key);
}

function isIndexed(point: { index: Index | undefined; key: string }): point is { index: Index; key: string } {
  return point.index !== undefined;
}

function indexOn({ indexes }: Table, column: number): Index | undefined {
  return indexes.find(({ def: { columns } }) => columns.length === 1 && columns[0] === column);
}

function refuseOtherType({ def }: Pick<QuerySource, 'def'>, view: ViewDef, table: Table): void {
  const declared = def.typespace[view.rowType];
  if (declared && isSameType(declared, table.layout.type, def.typespace)) return;
  const [wanted, found] = [declared ?? { kind: 'product', elements: [] }, table.layout.type].map(type =>
    typeName(type, def.typespace),
  );
  throw new QueryError('query/type', `the view ${view.name} returns rows of ${wanted}, but its query gives ${found}`);
}

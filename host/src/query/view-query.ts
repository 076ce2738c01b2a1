// The SQL that a view returned instead of rows (RawSql): run with the owner's rights, but as the caller.

import type { Table } from '../datastore/table.ts';
import type { ViewDef } from '../schema/definition.ts';
import { compileTableQuery } from './query.ts';
import { QueryError } from './query-error.ts';
import { viewScope } from './scope.ts';
import type { QuerySource } from './source.ts';
import { isSameType, typeName } from './type-name.ts';

/** A view's query, and what it depends on. */
export interface ViewQuery {
  /** Every table read, once: when one of them changes, the rows must be computed again. */
  readonly tables: readonly Table[];
  /** The rows as they are now, duplicates and all. */
  rows(): Uint8Array[];
}

/**
 * Compiles what a view returned. `undefined` for empty SQL, which means no rows. Throws `QueryError`, also if the query
 * reads another view or returns rows of another type than the view declared.
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
    rows: () => plan.rowsOf(returned).map(row => row.bytes),
  };
}

function refuseOtherType({ def }: Pick<QuerySource, 'def'>, view: ViewDef, table: Table): void {
  const declared = def.typespace[view.rowType];
  if (declared && isSameType(declared, table.layout.type, def.typespace)) return;
  const [wanted, found] = [declared ?? { kind: 'product', elements: [] }, table.layout.type].map(type =>
    typeName(type, def.typespace),
  );
  throw new QueryError('query/type', `the view ${view.name} returns rows of ${wanted}, but its query gives ${found}`);
}

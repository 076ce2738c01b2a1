// The SQL that a view returned instead of rows (RawSql): run with the owner's rights, but as the caller.

import type { Table } from '../datastore/table.ts';
import type { ViewDef } from '../schema/definition.ts';
import type { QuerySource } from './source.ts';

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
  _source: Pick<QuerySource, 'def' | 'datastore'>,
  _view: ViewDef,
  _sql: string,
  _caller: bigint,
): ViewQuery | undefined {
  throw new Error('unfinished');
}

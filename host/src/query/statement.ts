// One statement of HTTP SQL: a select with columns, counts and limits, or a write by the owner.

import type { ProductType, Typespace } from '../sats/type.ts';
import type { Commit } from '../datastore/commit.ts';
import type { SystemVariables, WritableSource } from './source.ts';

/** What a statement gave. */
export interface StatementResult {
  /** The type of the rows, with the names of the columns. */
  readonly schema: ProductType;
  readonly typespace: Typespace;
  /** Each row as BSATN of `schema`. */
  readonly rows: readonly Uint8Array[];
  readonly stats: { readonly rowsInserted: number; readonly rowsDeleted: number; readonly rowsUpdated: number };
  /** What a write committed; undefined for a read. */
  readonly commit: Commit | undefined;
}

/** Runs one statement. Throws `QueryError` with the text of the answer. */
export function runStatement<C extends { readonly identity: bigint }>(
  _source: WritableSource<C>,
  _sql: string,
  _caller: C,
  _variables: SystemVariables,
): StatementResult {
  throw new Error('unfinished');
}

/** The body of the answer to `POST /sql`. */
export function statementJson(_result: StatementResult, _durationMicros: number): string {
  throw new Error('unfinished');
}

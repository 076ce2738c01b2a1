// What a query is asked of: a database as this room sees it.

import type { Commit } from '../datastore/commit.ts';
import type { Datastore } from '../datastore/datastore.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import type { ModuleDef, ViewDef } from '../schema/definition.ts';

/** Tables and views to read; a `Database` is one. */
export interface QuerySource {
  readonly def: ModuleDef;
  /** The identity that may see and change everything. */
  readonly owner: bigint;
  readonly datastore: Datastore;
  /** The rows of a view as this identity sees them, computed now if nobody had asked before. */
  viewTable(view: ViewDef, caller: bigint): Table;
}

/** A source that SQL can write to, by the one road to commit; `C` is what it knows a caller by. */
export interface WritableSource<C> extends QuerySource {
  write<T>(caller: C, work: (tx: Transaction) => T): { readonly outcome: WriteOutcome; readonly value: T | undefined };
}

/** How a write ended. */
export type WriteOutcome =
  { readonly kind: 'committed'; readonly commit: Commit } | { readonly kind: string; readonly message: string };

/** What `SET` has set. One for each database, shared by its subscriptions and its SQL. */
export class SystemVariables {
  /** A query of anybody but the owner that would read more rows is refused. */
  rowLimit: bigint | undefined;
}

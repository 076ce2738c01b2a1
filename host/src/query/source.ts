// Contract of the database that a query reads and writes.

import type { Commit } from '../datastore/commit.ts';
import type { Datastore } from '../datastore/datastore.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import type { ModuleDef, ViewDef } from '../schema/definition.ts';

/** Tables and views to read; a `Database` is one. */
export interface QuerySource {
  readonly def: ModuleDef;
  /** The identity that may read and change everything. */
  readonly owner: bigint;
  readonly datastore: Datastore;
  /** The rows of a view for this identity, computed if they are not up to date. */
  viewTable(view: ViewDef, caller: bigint): Table;
}

/** A source that SQL can write to, through the commit pipeline; `C` is its type of callers. */
export interface WritableSource<C> extends QuerySource {
  write<T>(caller: C, work: (tx: Transaction) => T): { readonly outcome: WriteOutcome; readonly value: T | undefined };
}

/** Outcome of a write. */
export type WriteOutcome =
  { readonly kind: 'committed'; readonly commit: Commit } | { readonly kind: string; readonly message: string };

/** The variables of `SET`. Each database has one set, shared by its subscriptions and its SQL. */
export class SystemVariables {
  #rowLimit: bigint | undefined;
  readonly #store: (rowLimit: bigint) => void;

  /** `store` keeps a new value for the next start; it throws if that is impossible. */
  constructor(rowLimit?: bigint, store: (rowLimit: bigint) => void = () => {}) {
    this.#rowLimit = rowLimit;
    this.#store = store;
  }

  /** Row limit of queries of callers other than the owner; undefined while none was set. */
  get rowLimit(): bigint | undefined {
    return this.#rowLimit;
  }
  setRowLimit(rowLimit: bigint): void {
    this.#store(rowLimit);
    this.#rowLimit = rowLimit;
  }
}

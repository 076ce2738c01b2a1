// What each client watches, and what a commit means to it.

import type { Commit } from '../datastore/commit.ts';
import type { Table } from '../datastore/table.ts';
import type { QuerySource, SystemVariables } from '../query/source.ts';
import type { QueryRowsData, QuerySetUpdateData } from '../wire/server-message.ts';

/** A client as this room knows it: any object that stays the same while it is connected. */
export interface Subscriber {
  readonly identity: bigint;
}

/** A source whose views can be kept alive while somebody watches them; a `Database` is one. */
export interface WatchableSource extends QuerySource {
  retainView(table: Table): void;
  releaseView(table: Table): void;
}

/** The answer to Subscribe, Unsubscribe or a one-off query: rows, or why there are none. */
export type RowsOrError = { readonly rows: QueryRowsData } | { readonly error: string };

/**
 * The query sets of all clients of a database. Each distinct query is evaluated once a commit, and its rows are encoded
 * once for all clients that watch it.
 */
export class Subscriptions<C extends Subscriber> {
  constructor(_source: WatchableSource, _variables?: SystemVariables) {}

  /** Starts a query set, all or nothing, and gives its rows as they are now. */
  subscribe(_client: C, _querySetId: number, _queries: readonly string[]): RowsOrError {
    throw new Error('unfinished');
  }

  /** Ends a query set; its rows as they are now if they are wanted. */
  unsubscribe(_client: C, _querySetId: number, _wantsRows: boolean): RowsOrError | { readonly rows: undefined } {
    throw new Error('unfinished');
  }

  /** Runs one query without watching it. */
  oneOff(_client: C, _sql: string): RowsOrError {
    throw new Error('unfinished');
  }

  /** Ends all query sets of a client that is gone; harmless for one that has none. */
  removeClient(_client: C): void {
    throw new Error('unfinished');
  }

  /**
   * What a commit changed, for the clients that it concerns; the others are not in the map. Must be called for every
   * commit, in order, before anything else is asked. Clients that hear exactly the same share one list of updates.
   */
  publish(_commit: Commit): Map<C, readonly QuerySetUpdateData[]> {
    throw new Error('unfinished');
  }
}

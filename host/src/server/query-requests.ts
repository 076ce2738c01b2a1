// The requests of a client that run queries: Subscribe, Unsubscribe and one-off queries.

import type { QueryBudget } from '../query/query-budget.ts';
import type { BsatnWriter } from '../sats/writer.ts';
import type { Subscriber, Subscriptions } from '../subscription/subscriptions.ts';
import type { ClientMessage, OneOffQuery, Subscribe, Unsubscribe } from '../wire/client-message.ts';
import {
  writeOneOffQueryResult,
  writeSubscribeApplied,
  writeSubscriptionError,
  writeUnsubscribeApplied,
} from '../wire/server-message.ts';
import type { ConnectionLimits } from './connection.ts';

/** A request that runs queries. */
export type QueryRequest = Subscribe | Unsubscribe | OneOffQuery;

/** The part of a client that its queries use. */
export interface QueryClient extends Subscriber {
  readonly connection: { readonly writer: BsatnWriter };
  /** Queries by query set; subscribed again when the module is replaced. */
  readonly querySets: Map<number, readonly string[]>;
  /** Queries of all query sets together. */
  queryCount: number;
}

/** Returns true for a request that runs queries. */
export function isQueryKind(kind: ClientMessage['kind'] | undefined): boolean {
  return kind === 'subscribe' || kind === 'unsubscribe' || kind === 'one-off-query';
}

/** Runs a request and writes its answer. */
export function answerQuery<C extends QueryClient>(
  subscriptions: Subscriptions<C>,
  client: C,
  message: QueryRequest,
  limits: ConnectionLimits,
  budget: QueryBudget,
): void {
  const { requestId } = message;
  const { writer } = client.connection;
  switch (message.kind) {
    case 'subscribe': {
      const { querySetId, queries } = message;
      const error = faultOfSubscribe(client, queries.length, limits);
      const result = error === undefined ? subscriptions.subscribe(client, querySetId, queries, budget) : { error };
      if ('rows' in result) {
        client.querySets.set(querySetId, queries);
        client.queryCount += queries.length;
        writeSubscribeApplied(writer, requestId, querySetId, result.rows);
      } else writeSubscriptionError(writer, requestId, querySetId, result.error);
      return;
    }
    case 'unsubscribe': {
      const { querySetId } = message;
      const result = subscriptions.unsubscribe(client, querySetId, message.wantsRows, budget);
      const queries = client.querySets.get(querySetId);
      // A set also ends when its rows exceed the budget.
      client.queryCount -= queries?.length ?? 0;
      client.querySets.delete(querySetId);
      if ('rows' in result) writeUnsubscribeApplied(writer, requestId, querySetId, result.rows);
      else writeSubscriptionError(writer, requestId, querySetId, result.error);
      return;
    }
    case 'one-off-query':
      writeOneOffQueryResult(writer, requestId, subscriptions.oneOff(client, message.query, budget));
  }
}

/** The reason why a client may not add `more` queries, if there is one. */
function faultOfSubscribe(
  { querySets, queryCount }: QueryClient,
  more: number,
  { maxQuerySets, maxQueries }: ConnectionLimits,
): string | undefined {
  if (querySets.size >= maxQuerySets) return `a connection may have ${maxQuerySets} query sets; unsubscribe one`;
  if (queryCount + more > maxQueries) return `a connection may have ${maxQueries} queries; unsubscribe some`;
  return undefined;
}

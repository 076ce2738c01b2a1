// Subscriptions: the query sets of all clients, and the updates of each commit for them.

import type { Commit, TableChange } from '../datastore/commit.ts';
import type { Table } from '../datastore/table.ts';
import { isEveryTable } from '../query/parser.ts';
import { HostError } from '../errors.ts';
import { compileWatchedQueries, refuseManyRows, runQuery } from '../query/query.ts';
import { createQueryBudget, type QueryBudget } from '../query/query-budget.ts';
import { QueryError } from '../query/query-error.ts';
import { callerScope, everyTable, type Scope } from '../query/scope.ts';
import type { QuerySource, SystemVariables } from '../query/source.ts';
import { encodeRowList } from '../wire/row-list.ts';
import type { QueryRowsData, QuerySetUpdateData, TableRows } from '../wire/server-message.ts';
import { Deliveries } from './deliveries.ts';
import type { QuerySet } from './query-set.ts';
import { RowDifferences } from './row-difference.ts';
import { TableRoutes } from './table-routes.ts';
import { WatchedQuery, watchKey } from './watched-query.ts';

/** A client: any object that keeps its identity while the client is connected. */
export interface Subscriber {
  readonly identity: bigint;
}

/** A source that keeps views up to date while they are watched; a `Database` is one. */
export interface WatchableSource extends QuerySource {
  retainView(table: Table): void;
  releaseView(table: Table): void;
}

/** The answer to Subscribe, Unsubscribe or a one-off query: rows or a refusal. */
export type RowsOrError = { readonly rows: QueryRowsData } | { readonly error: string };

/** Limit of queries in one set; each is compiled before the next message is read. */
const MAX_QUERIES_PER_SET = 10_000;

/**
 * The query sets of all clients of a database. Each distinct query is evaluated once a commit, and its rows are encoded
 * once for all its watchers.
 */
export class Subscriptions<C extends Subscriber> {
  readonly #source: WatchableSource;
  readonly #variables: SystemVariables | undefined;
  readonly #setsByClient = new Map<C, Map<number, QuerySet<C>>>();
  readonly #plans = new Map<string, { readonly plan: WatchedQuery; readonly sets: Set<QuerySet<C>> }>();
  readonly #routes = new Map<Table, TableRoutes>();
  readonly #differences = new RowDifferences();
  #evaluations = 0;

  constructor(source: WatchableSource, variables?: SystemVariables) {
    this.#source = source;
    this.#variables = variables;
  }

  /** The number of query evaluations for commits since the start. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** Starts a query set, all or nothing, and returns its current rows. One budget covers all queries. */
  subscribe(
    client: C,
    querySetId: number,
    queries: readonly string[],
    budget = createQueryBudget(client.identity === this.#source.owner),
  ): RowsOrError {
    if (this.#setsByClient.get(client)?.has(querySetId)) {
      return { error: `Subscription with id QuerySetId { id: ${querySetId} } already exists for this client` };
    }
    const compiled = this.#compile(client, queries, budget);
    if ('error' in compiled) return compiled;
    const set: QuerySet<C> = { client, id: querySetId, plans: compiled.plans };
    const answer = answerOf(set, budget);
    if ('error' in answer) return answer;
    this.#add(set);
    return answer;
  }

  /**
   * Continues a query set after the tables were replaced, without limits. The update leads from its last rows in `previous`
   * to the current ones; tables keep their rows, so only those of views can differ.
   */
  resume(
    client: C,
    querySetId: number,
    queries: readonly string[],
    previous: Subscriptions<C> | undefined,
  ): { readonly update: QuerySetUpdateData | undefined } | { readonly error: string } {
    const compiled = this.#compile(client, queries, undefined);
    if ('error' in compiled) return compiled;
    const set: QuerySet<C> = { client, id: querySetId, plans: compiled.plans };
    this.#add(set);
    if (!previous) return { update: undefined };
    const before = previous.#setsByClient.get(client)?.get(querySetId)?.plans ?? [];
    const tables = this.#differences.between(before, set.plans);
    return { update: tables.length === 0 ? undefined : { querySetId, tables } };
  }

  /** Ends a query set, also if its rows, when they are requested, exceed the budget. */
  unsubscribe(
    client: C,
    querySetId: number,
    wantsRows: boolean,
    budget = createQueryBudget(client.identity === this.#source.owner),
  ): RowsOrError | { readonly rows: undefined } {
    const sets = this.#setsByClient.get(client);
    const set = sets?.get(querySetId);
    if (!sets || !set) return { error: `Subscription not found: this client has no query set ${querySetId}` };
    const answer = wantsRows ? answerOf(set, budget) : { rows: undefined };
    sets.delete(querySetId);
    if (sets.size === 0) this.#setsByClient.delete(client);
    this.#end(set);
    return answer;
  }

  /** Runs one query once. */
  oneOff(client: C, sql: string, budget = createQueryBudget(client.identity === this.#source.owner)): RowsOrError {
    try {
      const { table, rows } = runQuery(this.#source, sql, client.identity, this.#variables, budget);
      return { rows: [{ table: table.def.name, rows: encodeRowList(rows) }] };
    } catch (thrown) {
      return { error: refusal(thrown) };
    }
  }

  /** Ends all query sets of a disconnected client; a no-op without any. */
  removeClient(client: C): void {
    const sets = this.#setsByClient.get(client);
    this.#setsByClient.delete(client);
    for (const set of sets?.values() ?? []) this.#end(set);
  }

  /**
   * The updates of a commit for the affected clients; other clients are not in the map. Must be called for every commit, in
   * order, before any other method. Clients with exactly the same updates share one list. If the update of a client cannot be
   * computed, its rows are wrong from then on: its query sets end, and it is passed to `lose`.
   */
  publish(
    commit: Commit,
    lose: (client: C, cause: unknown) => void = (_client, cause) => {
      throw cause;
    },
  ): ReadonlyMap<C, readonly QuerySetUpdateData[]> {
    const touched = new Set<WatchedQuery>();
    const deliveries = new Deliveries<C>();
    let lost: Map<C, unknown> | undefined;
    try {
      for (const change of commit.changes) this.#routes.get(change.table)?.route(change, touched);
    } catch (cause) {
      lost = new Map(Array.from(this.#setsByClient.keys(), client => [client, cause]));
    }
    for (const plan of touched) {
      const watched = this.#plans.get(plan.key);
      try {
        completeRows(plan, commit.changes);
        this.#evaluations++;
        const update = plan.takeUpdate();
        if (update && watched) deliveries.add(watched.sets, update);
      } catch (cause) {
        lost ??= new Map();
        for (const { client } of watched?.sets ?? []) lost.set(client, cause);
      }
    }
    for (const [client, cause] of lost ?? []) {
      deliveries.byClient.delete(client);
      this.removeClient(client);
      lose(client, cause);
    }
    return deliveries.byClient;
  }

  #add(set: QuerySet<C>): void {
    const sets = this.#setsByClient.get(set.client) ?? new Map<number, QuerySet<C>>();
    sets.set(set.id, set);
    this.#setsByClient.set(set.client, sets);
    for (const plan of set.plans) this.#watch(plan, set);
  }

  /** The distinct queries of a set; new ones are not watched yet. Without a budget no limit applies. */
  #compile(
    client: C,
    queries: readonly string[],
    budget: QueryBudget | undefined,
  ): { plans: WatchedQuery[] } | { error: string } {
    if (queries.length > MAX_QUERIES_PER_SET) {
      return { error: `a query set has at most ${MAX_QUERIES_PER_SET} queries, not ${queries.length}` };
    }
    const plans = new Map<string, WatchedQuery>();
    for (const sql of queries.flatMap(query => this.#expanded(query))) {
      try {
        budget?.checkTime();
        const scope = callerScope(this.#source, client.identity, budget);
        for (const plan of this.#plansOf(sql, scope, budget !== undefined))
          plans.set(plan.key, plans.get(plan.key) ?? plan);
      } catch (thrown) {
        return { error: `${refusal(thrown)}, executing: \`${sql}\`` };
      }
    }
    return { plans: [...plans.values()] };
  }

  #expanded(query: string): string[] {
    if (!isEveryTable(query)) return [query];
    return everyTable(this.#source).map(name => `SELECT * FROM "${name.replaceAll('"', '""')}"`);
  }

  #plansOf(sql: string, scope: Scope, isLimited: boolean): WatchedQuery[] {
    return compileWatchedQueries(sql, scope).map(query => {
      if (isLimited && scope.caller !== this.#source.owner) refuseManyRows(query.plan, this.#variables);
      return this.#plans.get(watchKey(query))?.plan ?? new WatchedQuery(query);
    });
  }

  #watch(plan: WatchedQuery, set: QuerySet<C>): void {
    const watched = this.#plans.get(plan.key);
    if (watched) {
      watched.sets.add(set);
      return;
    }
    this.#plans.set(plan.key, { plan, sets: new Set([set]) });
    for (const view of plan.query.plan.views) this.#source.retainView(view);
    for (const watcher of plan.watchers) {
      let routes = this.#routes.get(watcher.table);
      if (!routes) this.#routes.set(watcher.table, (routes = new TableRoutes(watcher.table)));
      routes.add(watcher);
    }
  }

  #end(set: QuerySet<C>): void {
    for (const { key } of set.plans) {
      const watched = this.#plans.get(key);
      watched?.sets.delete(set);
      if (watched?.sets.size !== 0) continue;
      this.#plans.delete(key);
      for (const watcher of watched.plan.watchers) {
        const routes = this.#routes.get(watcher.table);
        routes?.remove(watcher);
        if (routes?.isEmpty) this.#routes.delete(watcher.table);
      }
      for (const view of watched.plan.query.plan.views) this.#source.releaseView(view);
    }
  }
}

/** The rows of every query of a set with a non-empty result, unless they exceed the budget. */
function answerOf({ plans }: QuerySet<unknown>, budget: QueryBudget): RowsOrError {
  try {
    const rows = plans.flatMap((plan): TableRows[] => {
      const { count, rows } = plan.result(budget);
      return count === 0 ? [] : [{ table: plan.query.table.def.name, rows }];
    });
    return { rows };
  } catch (thrown) {
    return { error: refusal(thrown) };
  }
}

/**
 * A row routed by its partners' guard was found by its current partners. If partners changed too, the query needs every
 * changed row, because some may have lost the partner that would have led here.
 */
function completeRows({ watchers }: WatchedQuery, changes: readonly TableChange[]): void {
  for (const watcher of watchers) {
    const isFoundByPartner = watcher.route !== undefined && 'partner' in watcher.route;
    if (!isFoundByPartner || !watchers.some(other => other !== watcher && other.isTouched)) continue;
    const change = changes.find(({ table }) => table === watcher.table);
    if (change) watcher.addAll(change);
  }
}

/** The refusal's sentence for the client; any other error is a bug and is thrown on. */
function refusal(thrown: unknown): string {
  if (thrown instanceof QueryError) return thrown.message;
  if (thrown instanceof HostError && thrown.code === 'query/over-budget') return thrown.message;
  throw thrown;
}

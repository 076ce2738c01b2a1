// Incremental evaluation of a watched query: the change of its result by a commit, computed from the changed rows alone.
//
// For a join of L and R, with new states L', R' and changes dL, dR (inserts count 1, deletes -1), the result changes by
//   dL x R'  +  L' x dR  -  dL x dR
// An event is not in L' and is never deleted, so a join with events changes by dL x R' alone.

import type { TableChange } from '../datastore/commit.ts';
import type { Row } from '../datastore/row.ts';
import type { Table } from '../datastore/table.ts';
import type { RowChange } from '../datastore/table-changes.ts';
import type { TableQuery } from '../query/query.ts';
import type { QueryBudget } from '../query/query-budget.ts';
import { encodeRowList } from '../wire/row-list.ts';
import { encodeTableUpdate } from '../wire/server-message.ts';
import { type SubscriptionRoute, routeOf } from './subscription-route.ts';

const NO_ROWS: readonly Row[] = [];

/** One relation of a watched query, and its changes in the current commit. */
export class Watcher {
  readonly watched: WatchedQuery;
  readonly relation: number;
  readonly table: Table;
  readonly route: SubscriptionRoute;
  inserts: readonly Row[] = NO_ROWS;
  deletes: readonly Row[] = NO_ROWS;

  constructor(watched: WatchedQuery, relation: number, table: Table) {
    this.watched = watched;
    this.relation = relation;
    this.table = table;
    this.route = routeOf(watched.query.plan, relation);
  }

  get isTouched(): boolean {
    return this.inserts.length > 0 || this.deletes.length > 0;
  }

  /** Adds one row; several guards may offer the same row, always consecutively. */
  addInsert(row: Row): void {
    this.inserts = appended(this.inserts, row);
  }
  addDelete(row: Row): void {
    this.deletes = appended(this.deletes, row);
  }
  /** Adds every changed row of the table. */
  addAll({ inserts, deletes }: TableChange): void {
    this.inserts = inserts;
    this.deletes = deletes;
  }
  forget(): void {
    this.inserts = NO_ROWS;
    this.deletes = NO_ROWS;
  }
}

/** Lists created here belong to the watcher, so they may grow in place. */
function appended(rows: readonly Row[], row: Row): readonly Row[] {
  if (rows.length === 0) return [row];
  if (rows.at(-1) !== row) (rows as Row[]).push(row);
  return rows;
}

/** One distinct query, shared by all its watchers. */
export class WatchedQuery {
  readonly query: TableQuery;
  readonly key: string;
  readonly watchers: readonly Watcher[];
  readonly #isOfEvents: boolean;
  /** The encoded result until it changes, in a weak reference so that memory can be reclaimed. */
  #snapshot: WeakRef<EncodedResult> | undefined;

  constructor(query: TableQuery) {
    this.query = query;
    this.key = watchKey(query);
    this.#isOfEvents = query.plan.relations[0]?.table.def.isEvent ?? false;
    this.watchers = query.plan.relations
      .map(({ table }, relation) => new Watcher(this, relation, table))
      .filter(({ relation }) => relation === 0 || !this.#isOfEvents);
  }

  /** The current rows. Throws `query/over-budget`. */
  result(budget: QueryBudget): EncodedResult {
    const kept = this.#snapshot?.deref();
    if (kept) {
      budget.returnBytes(kept.rows.length);
      return kept;
    }
    const rows = this.query.plan.rowsOf(this.query.returned, budget);
    const result = { count: rows.length, rows: encodeRowList(rows) };
    this.#snapshot = new WeakRef(result);
    return result;
  }

  /** Returns the encoded table update of the touched watchers and resets them; undefined if nothing changed. */
  takeUpdate(): Uint8Array | undefined {
    const { inserts, deletes } = this.watchers.length === 1 ? this.#changeOfOne() : this.#changeOfJoin();
    for (const watcher of this.watchers) watcher.forget();
    if (inserts.length === 0 && deletes.length === 0) return undefined;
    this.#snapshot = undefined;
    const { name, isEvent } = this.query.table.def;
    if (isEvent) return encodeTableUpdate(name, { events: encodeRowList(inserts) });
    return encodeTableUpdate(name, { inserts: encodeRowList(inserts), deletes: encodeRowList(deletes) });
  }

  #changeOfOne(): RowChange {
    const [watcher] = this.watchers as [Watcher];
    const { plan } = this.query;
    if (plan.relations.length > 1) {
      const net = new NetRows(this.query.returned);
      plan.eachWith(0, watcher.inserts, tuple => net.add(tuple, 1));
      return net;
    }
    const test = plan.relations[0]?.test;
    if (!test) return watcher;
    const passes = (row: Row): boolean => test(row.bytes);
    return { inserts: watcher.inserts.filter(passes), deletes: watcher.deletes.filter(passes) };
  }

  #changeOfJoin(): RowChange {
    const { plan, returned } = this.query;
    const [left, right] = this.watchers as [Watcher, Watcher];
    const net = new NetRows(returned);
    for (const { relation, inserts, deletes } of [left, right]) {
      plan.eachWith(relation, inserts, tuple => net.add(tuple, 1));
      plan.eachWith(relation, deletes, tuple => net.add(tuple, -1));
    }
    if (left.isTouched && right.isTouched) {
      const ofRight = (rows: readonly Row[]) => new Map([[1, rows]]);
      plan.eachWith(0, left.inserts, tuple => net.add(tuple, -1), ofRight(right.inserts));
      plan.eachWith(0, left.inserts, tuple => net.add(tuple, 1), ofRight(right.deletes));
      plan.eachWith(0, left.deletes, tuple => net.add(tuple, 1), ofRight(right.inserts));
      plan.eachWith(0, left.deletes, tuple => net.add(tuple, -1), ofRight(right.deletes));
    }
    return net;
  }
}

/** A result as one encoded row list. */
export interface EncodedResult {
  readonly count: number;
  readonly rows: Uint8Array;
}

/** Equal for queries with the same result. */
export function watchKey({ plan, returned }: TableQuery): string {
  return `${returned}:${plan.key}`;
}

/** Sums the inserts and deletes of each returned row. Rows are identical if they are the same object. */
class NetRows implements RowChange {
  readonly #returned: number;
  readonly #counts = new Map<Row, number>();

  constructor(returned: number) {
    this.#returned = returned;
  }

  add(tuple: readonly Row[], count: number): true {
    const row = tuple[this.#returned] as Row; // A tuple has a row for every relation.
    this.#counts.set(row, (this.#counts.get(row) ?? 0) + count);
    return true;
  }

  get inserts(): Row[] {
    return this.#repeated(1);
  }
  get deletes(): Row[] {
    return this.#repeated(-1);
  }

  #repeated(sign: 1 | -1): Row[] {
    const rows: Row[] = [];
    for (const [row, count] of this.#counts) for (let n = count * sign; n > 0; n--) rows.push(row);
    return rows;
  }
}

// Routing of changed rows to the queries that they may affect. Queries for one value of a column are found by that value,
// so a thousand of them cost one lookup.

import type { TableChange } from '../datastore/commit.ts';
import type { Row } from '../datastore/row.ts';
import type { KeyReader } from '../datastore/row-key.ts';
import { type Table, type Index } from '../datastore/table.ts';
import type { Guard } from '../query/guard.ts';
import type { PartnerRoute } from './subscription-route.ts';
import type { WatchedQuery, Watcher } from './watched-query.ts';

type Offer = (watcher: Watcher) => void;

/** Watchers by the value of one column. */
class GuardedColumn {
  readonly #read: KeyReader;
  readonly #watchers = new Map<string, Set<Watcher>>();

  constructor(table: Table, column: number) {
    this.#read = table.layout.keyReader([column]);
  }

  get isEmpty(): boolean {
    return this.#watchers.size === 0;
  }

  add(key: string, watcher: Watcher): void {
    const others = this.#watchers.get(key);
    if (others) others.add(watcher);
    else this.#watchers.set(key, new Set([watcher]));
  }

  remove(key: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(key);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#watchers.delete(key);
  }

  offer(bytes: Uint8Array, offer: Offer): void {
    const watchers = this.#watchers.get(this.#read(bytes));
    if (watchers) for (const watcher of watchers) offer(watcher);
  }
}

/** Watchers by the values of the columns that guard them. */
class Guards {
  readonly #table: Table;
  readonly #columns = new Map<number, GuardedColumn>();

  constructor(table: Table) {
    this.#table = table;
  }

  get isEmpty(): boolean {
    return this.#columns.size === 0;
  }

  add(guard: Guard, watcher: Watcher): void {
    for (const { column, key } of guard) {
      let guarded = this.#columns.get(column);
      if (!guarded) {
        guarded = new GuardedColumn(this.#table, column);
        this.#columns.set(column, guarded);
      }
      guarded.add(key, watcher);
    }
  }

  remove(guard: Guard, watcher: Watcher): void {
    for (const { column, key } of guard) {
      const guarded = this.#columns.get(column);
      guarded?.remove(key, watcher);
      if (guarded?.isEmpty) this.#columns.delete(column);
    }
  }

  offer(bytes: Uint8Array, offer: Offer): void {
    for (const column of this.#columns.values()) column.offer(bytes, offer);
  }
}

/** Watchers whose partners are guarded, by the index that leads to them. */
class PartnerGuards {
  readonly #read: KeyReader;
  readonly #index: Index;
  readonly guards: Guards;

  constructor(table: Table, column: number, index: Index) {
    this.#read = table.layout.keyReader([column]);
    this.#index = index;
    this.guards = new Guards(index.table);
  }

  offer(bytes: Uint8Array, offer: Offer): void {
    for (const partner of this.#index.point(this.#read(bytes))) this.guards.offer(partner.bytes, offer);
  }
}

/** All watchers of one table. */
export class TableRoutes {
  readonly #table: Table;
  readonly #unguarded = new Set<Watcher>();
  readonly #guards: Guards;
  readonly #partners = new Map<string, PartnerGuards>();

  constructor(table: Table) {
    this.#table = table;
    this.#guards = new Guards(table);
  }

  get isEmpty(): boolean {
    return this.#unguarded.size === 0 && this.#guards.isEmpty && this.#partners.size === 0;
  }

  add(watcher: Watcher): void {
    const { route } = watcher;
    if (!route) this.#unguarded.add(watcher);
    else if ('guard' in route) this.#guards.add(route.guard, watcher);
    else this.#partnerGuards(route.partner).guards.add(route.partner.guard, watcher);
  }

  remove(watcher: Watcher): void {
    const { route } = watcher;
    if (!route) this.#unguarded.delete(watcher);
    else if ('guard' in route) this.#guards.remove(route.guard, watcher);
    else {
      const partners = this.#partnerGuards(route.partner);
      partners.guards.remove(route.partner.guard, watcher);
      if (partners.guards.isEmpty) this.#partners.delete(partnerKey(route.partner));
    }
  }

  /** Gives every watcher the rows that may affect it, and adds its query to `touched`. */
  route(change: TableChange, touched: Set<WatchedQuery>): void {
    for (const watcher of this.#unguarded) {
      watcher.addAll(change);
      touched.add(watcher.watched);
    }
    if (this.#guards.isEmpty && this.#partners.size === 0) return;
    let row: Row;
    const offerInsert: Offer = watcher => {
      watcher.addInsert(row);
      touched.add(watcher.watched);
    };
    const offerDelete: Offer = watcher => {
      watcher.addDelete(row);
      touched.add(watcher.watched);
    };
    for (row of change.inserts) this.#offer(row.bytes, offerInsert);
    for (row of change.deletes) this.#offer(row.bytes, offerDelete);
  }

  #offer(bytes: Uint8Array, offer: Offer): void {
    this.#guards.offer(bytes, offer);
    for (const partners of this.#partners.values()) partners.offer(bytes, offer);
  }

  #partnerGuards(route: PartnerRoute): PartnerGuards {
    const key = partnerKey(route);
    let partners = this.#partners.get(key);
    if (!partners) {
      partners = new PartnerGuards(this.#table, route.column, route.index);
      this.#partners.set(key, partners);
    }
    return partners;
  }
}

function partnerKey({ column, index }: PartnerRoute): string {
  return `${column}:${index.id}`;
}

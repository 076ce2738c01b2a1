// The rows of views: computed when somebody first asks, and again inside each transaction that changes what they read.
//
// I1  A view is computed again only when a row under a key, or a table, that it read last time has changed.
// I2  What a transaction changes in a view is part of its commit; if a view throws, the whole transaction is off.
// I3  A view that nobody watches is dropped when it becomes stale: whoever asks next has it computed anew.
// I4  A view that threw when it was first asked for is empty, and comes back with the write that lets it succeed.

import type { Datastore } from '../datastore/datastore.ts';
import type { RelationDef } from '../datastore/relation.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { assert, messageOf } from '../errors.ts';
import type { Activation } from '../guest/activation.ts';
import type { Ran } from '../guest/guest.ts';
import { compileViewQuery, type ViewQuery } from '../query/view-query.ts';
import { BsatnReader } from '../sats/reader.ts';
import { resolveType } from '../sats/type.ts';
import type { IndexDef, ViewDef } from '../schema/definition.ts';
import type { Timer, World } from '../world.ts';
import { Readers, ViewReads } from './view-reads.ts';

/** Rows of views that nobody watches are kept this long after their last use, and this many of them. */
const IDLE_MS = 10 * 60_000;
const MAX_IDLE = 256;

const ROWS = 0;
const SQL = 1;

/** One view as one identity sees it; an anonymous view is one for all. */
interface ViewInstance {
  readonly key: string;
  readonly def: ViewDef;
  readonly sender: bigint | undefined;
  readonly relation: Table;
  /** How many watch it. */
  watchers: number;
  usedAt: number;
  reads: ViewReads;
  /** Whether it threw last time; then its rows are empty. */
  isBroken: boolean;
  query: { readonly sql: string; readonly compiled: ViewQuery | undefined } | undefined;
}

/** A view could not be computed: whoever wrote has to be rolled back. */
export class ViewFailure extends Error {
  override readonly name = 'ViewFailure';
  readonly code = 'view/failed';
  readonly view: ViewDef;
  readonly ran: Ran<Uint8Array> | undefined;

  constructor(view: ViewDef, message: string, ran?: Ran<Uint8Array>, options?: ErrorOptions) {
    super(message, options);
    this.view = view;
    this.ran = ran;
  }
}

/** What computing views needs. */
export interface ViewsHost {
  readonly world: World;
  call(view: ViewDef, sender: bigint | undefined, activation: Activation): Ran<Uint8Array>;
  /** A view threw while it was first computed. */
  failed(failure: ViewFailure): void;
}

/** The computed views of one database. */
export class Views {
  readonly #host: ViewsHost;
  #datastore: Datastore;
  #byKey = new Map<string, ViewInstance>();
  #byRelation = new Map<Table, ViewInstance>();
  #readers = new Readers<ViewInstance>();
  /** Computed views that nobody watches, the longest unused first. */
  #idle = new Set<ViewInstance>();
  #sweep: Timer | undefined;

  constructor(datastore: Datastore, host: ViewsHost) {
    this.#datastore = datastore;
    this.#host = host;
  }

  /** Forgets every view and goes on with another datastore. */
  reset(datastore: Datastore): void {
    this.stop();
    this.#datastore = datastore;
    this.#byKey = new Map();
    this.#byRelation = new Map();
    this.#readers = new Readers();
    this.#idle = new Set();
  }

  /** Drops every view, watched or not: the rows that they were computed from are others now. */
  dropAll(): void {
    for (const instance of [...this.#byKey.values()]) this.#drop(instance);
    this.stop();
  }

  stop(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  /** How many views are computed. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The rows of a view, if they are computed already. */
  find(view: ViewDef, caller: bigint): Table | undefined {
    const instance = this.#byKey.get(keyOf(view, caller));
    if (instance && instance.watchers === 0) this.#setIdle(instance);
    return instance?.relation;
  }

  /** Computes a view inside a transaction. If it throws, its rows are empty. */
  materialise(view: ViewDef, caller: bigint, tx: Transaction): Table {
    const relation = this.#createRelation(view);
    const instance: ViewInstance = {
      key: keyOf(view, caller),
      def: view,
      sender: view.isAnonymous ? undefined : caller,
      relation,
      watchers: 0,
      usedAt: this.#host.world.monotonic(),
      reads: new ViewReads(),
      isBroken: false,
      query: undefined,
    };
    const reads = new ViewReads();
    try {
      tx.replaceRelation(relation, this.#compute(instance, reads, tx));
    } catch (cause) {
      instance.isBroken = true;
      tx.clear(relation);
      this.#host.failed(asFailure(view, cause));
    }
    instance.reads = reads;
    this.#readers.add(instance, reads);
    this.#byKey.set(instance.key, instance);
    this.#byRelation.set(relation, instance);
    this.#setIdle(instance);
    return relation;
  }

  /** Computes again what a transaction made stale. Throws `ViewFailure`; then the transaction must be rolled back. */
  refresh(tx: Transaction): void {
    if (this.#byKey.size === 0) return;
    const stale = this.#readers.concernedBy(tx.changes());
    if (stale) this.#recompute(stale, tx);
  }

  /** Computes every view again, for a new version of their functions. Throws `ViewFailure`. */
  refreshAll(tx: Transaction): void {
    this.#recompute(this.#byKey.values(), tx);
  }

  #recompute(stale: Iterable<ViewInstance>, tx: Transaction): void {
    const done: { readonly instance: ViewInstance; readonly reads: ViewReads; readonly isBroken: boolean }[] = [];
    for (const instance of stale) {
      if (instance.watchers === 0) {
        this.#drop(instance);
        continue;
      }
      const reads = new ViewReads();
      let isBroken = false;
      try {
        tx.replaceRelation(instance.relation, this.#compute(instance, reads, tx));
      } catch (cause) {
        // A view that was broken before this write is no reason to refuse it.
        if (!instance.isBroken) throw asFailure(instance.def, cause);
        isBroken = true;
        tx.clear(instance.relation);
      }
      done.push({ instance, reads, isBroken });
    }
    for (const { instance, reads, isBroken } of done) {
      instance.isBroken = isBroken;
      if (reads.isSame(instance.reads)) continue;
      this.#readers.remove(instance, instance.reads);
      this.#readers.add(instance, reads);
      instance.reads = reads;
    }
  }

  /** Keeps the rows of a view as long as somebody watches. */
  retain(relation: Table): void {
    const instance = this.#byRelation.get(relation);
    if (!instance) return;
    instance.watchers++;
    this.#idle.delete(instance);
  }

  /** Ends one `retain`. */
  release(relation: Table): void {
    const instance = this.#byRelation.get(relation);
    if (!instance) return;
    assert(instance.watchers > 0, 'a view is released as often as it was retained');
    instance.watchers--;
    if (instance.watchers === 0) this.#setIdle(instance);
  }

  #setIdle(instance: ViewInstance): void {
    instance.usedAt = this.#host.world.monotonic();
    this.#idle.delete(instance);
    this.#idle.add(instance);
    this.#dropIdle();
  }

  /** Drops what nobody has watched or asked for in a while, and the longest unused of what is too much. */
  #dropIdle(): void {
    const now = this.#host.world.monotonic();
    for (const instance of this.#idle) {
      if (this.#idle.size <= MAX_IDLE && now - instance.usedAt < IDLE_MS) break;
      this.#drop(instance);
    }
    if (this.#idle.size === 0) return;
    this.#sweep ??= this.#host.world.setTimer(IDLE_MS, () => {
      this.#sweep = undefined;
      this.#dropIdle();
    });
  }

  #drop(instance: ViewInstance): void {
    this.#byKey.delete(instance.key);
    this.#byRelation.delete(instance.relation);
    this.#idle.delete(instance);
    this.#readers.remove(instance, instance.reads);
    this.#datastore.dropRelation(instance.relation);
  }

  #compute(instance: ViewInstance, reads: ViewReads, tx: Transaction): readonly Uint8Array[] {
    const { def, sender } = instance;
    const ran = this.#host.call(def, sender, { functionName: def.name, tx, reads });
    if (ran.kind === 'refused') throw new ViewFailure(def, ran.message, ran);
    if (ran.kind === 'threw') throw new ViewFailure(def, ran.thrown.text, ran);
    const bytes = ran.value;
    if (bytes[0] === ROWS) return splitRows(instance.relation, bytes);
    if (bytes[0] !== SQL) throw new ViewFailure(def, `the view ${def.name} returned neither rows nor a query`);
    const sql = new BsatnReader(bytes, 1).string();
    if (instance.query?.sql !== sql) {
      const source = { def: this.#datastore.def, datastore: this.#datastore };
      instance.query = { sql, compiled: compileViewQuery(source, def, sql, sender ?? 0n) };
    }
    const { compiled } = instance.query;
    if (!compiled) return [];
    for (const table of compiled.tables) reads.whole(table);
    return compiled.rows();
  }

  #createRelation(view: ViewDef): Table {
    const { typespace } = this.#datastore.def;
    const rowType = resolveType({ kind: 'ref', ref: view.rowType }, typespace);
    assert(rowType.kind === 'product', `the row type of ${view.name} is a product`);
    return this.#datastore.createRelation(relationDef(view), rowType);
  }
}

/** A view's rows have the view's columns, and an index on its primary key. */
function relationDef(view: ViewDef): RelationDef {
  const { name, sourceName, columns, primaryKey, isPublic } = view;
  const keyName = primaryKey === undefined ? undefined : columns[primaryKey]?.name;
  const keyColumns = primaryKey === undefined ? [] : [primaryKey];
  const indexName = `${name}_${keyName ?? ''}_idx_btree`;
  const index: IndexDef = {
    name: indexName,
    sourceName: indexName,
    accessor: keyName,
    algorithm: 'btree',
    columns: keyColumns,
  };
  return {
    name,
    sourceName,
    columns,
    primaryKey,
    indexes: keyName === undefined ? [] : [index],
    uniques: keyName === undefined ? [] : [{ name: `${name}_${keyName}_key`, columns: keyColumns }],
    isPublic,
    isEvent: false,
  };
}

/** Takes `array<row>` behind its header byte apart. Throws `BsatnError`. */
function splitRows({ layout }: Table, bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new BsatnReader(bytes, 1);
  const rows: Uint8Array[] = [];
  let at = 5;
  for (let left = reader.u32(); left > 0; left--) {
    const end = layout.endOf(bytes, at);
    rows.push(bytes.subarray(at, end));
    at = end;
  }
  return rows;
}

function keyOf(view: ViewDef, caller: bigint): string {
  return view.isAnonymous ? view.name : `${view.name} ${caller}`;
}

function asFailure(view: ViewDef, cause: unknown): ViewFailure {
  return cause instanceof ViewFailure ? cause : new ViewFailure(view, messageOf(cause), undefined, { cause });
}

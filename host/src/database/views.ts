// Materialised views: computed at the first read, and again inside each transaction that changes their read set.
//
// I1  A view is recomputed only when a row under a key, or a table, in its last read set has changed.
// I2  Changes of a view are part of the commit of the transaction; if a view throws, the whole transaction rolls back.
// I3  A view without watchers is dropped when it becomes stale; the next read computes it again.
// I4  A view that threw at its first read is empty, and gets rows with the write that makes it succeed.
// I5  A view that was stopped again and again because of the limits of a call is set aside: it stays empty, and costs no more
//     writes, until it is dropped or the module is replaced.

import type { Datastore } from '../datastore/datastore.ts';
import type { RelationDef } from '../datastore/relation.ts';
import type { Table } from '../datastore/table.ts';
import type { Transaction } from '../datastore/transaction.ts';
import { assert, HostError, messageOf } from '../errors.ts';
import type { Activation } from '../guest/activation.ts';
import type { Ran } from '../guest/guest.ts';
import { compileViewQuery, type ViewQuery } from '../query/view-query.ts';
import { BsatnReader } from '../sats/reader.ts';
import { resolveType } from '../sats/type.ts';
import type { IndexDef, ViewDef } from '../schema/definition.ts';
import type { Timer, World } from '../world.ts';
import { Readers, ViewReads } from './view-reads.ts';

/** How long, and how many, views without watchers are cached after their last use. */
const IDLE_MS = 10 * 60_000;
const MAX_IDLE = 256;

/** Stopped computations in a row after which a view is set aside. */
const MAX_STOPS = 3;

const ROWS = 0;
const SQL = 1;

/** The rows of a view for one identity; an anonymous view has one instance for all. */
interface ViewInstance {
  readonly key: string;
  readonly def: ViewDef;
  readonly sender: bigint | undefined;
  readonly relation: Table;
  /** Number of watchers. */
  watchers: number;
  usedAt: number;
  reads: ViewReads;
  /** True if it threw last time; then it has no rows. */
  isBroken: boolean;
  /** Number of stopped computations since the last one that succeeded. */
  stops: number;
  query: { readonly sql: string; readonly compiled: ViewQuery | undefined } | undefined;
}

/** A view could not be computed: the writing transaction must be rolled back. */
export class ViewFailure extends HostError {
  override readonly name = 'ViewFailure';
  readonly view: ViewDef;
  readonly ran: Ran<Uint8Array> | undefined;

  constructor(view: ViewDef, message: string, ran?: Ran<Uint8Array>, options?: ErrorOptions) {
    super('view/failed', message, options);
    this.view = view;
    this.ran = ran;
  }
}

/** The parts that views use. */
export interface ViewsHost {
  readonly world: World;
  call(view: ViewDef, sender: bigint | undefined, activation: Activation): Ran<Uint8Array>;
  /** Reports a view that threw at its first computation. */
  failed(failure: ViewFailure): void;
}

/** The materialised views of one database. */
export class Views {
  readonly #host: ViewsHost;
  #datastore: Datastore;
  #byKey = new Map<string, ViewInstance>();
  #byRelation = new Map<Table, ViewInstance>();
  #readers = new Readers<ViewInstance>();
  /** Views without watchers, least recently used first. */
  #idle = new Set<ViewInstance>();
  #sweep: Timer | undefined;
  /** The view that is being computed; a stopped call leaves it set. */
  #computing: ViewInstance | undefined;

  constructor(datastore: Datastore, host: ViewsHost) {
    this.#datastore = datastore;
    this.#host = host;
  }

  /** Forgets all views and continues with another datastore. */
  reset(datastore: Datastore): void {
    this.stop();
    this.#datastore = datastore;
    this.#byKey = new Map();
    this.#byRelation = new Map();
    this.#readers = new Readers();
    this.#idle = new Set();
  }

  /** Drops all views, also watched ones, after their source rows were undone. */
  dropAll(): void {
    for (const instance of [...this.#byKey.values()]) this.#drop(instance);
    this.stop();
  }

  stop(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  /** Number of materialised views. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The cached rows of a view, if any. */
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
      stops: 0,
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

  /** Recomputes the views that a transaction made stale. Throws `ViewFailure`; then the transaction must be rolled back. */
  refresh(tx: Transaction): void {
    if (this.#byKey.size === 0) return;
    const stale = this.#readers.affectedBy(tx.changes());
    if (stale) this.#recompute(stale, tx);
  }

  #recompute(stale: Iterable<ViewInstance>, tx: Transaction): void {
    const done: { readonly instance: ViewInstance; readonly reads: ViewReads; readonly isBroken: boolean }[] = [];
    for (const instance of stale) {
      if (instance.watchers === 0) {
        this.#drop(instance);
        continue;
      }
      const reads = new ViewReads();
      if (instance.stops >= MAX_STOPS) {
        tx.clear(instance.relation);
        done.push({ instance, reads, isBroken: true });
        const reason = `set aside after ${MAX_STOPS} stopped computations; its subscribers see no rows`;
        this.#host.failed(new ViewFailure(instance.def, reason));
        continue;
      }
      let isBroken = false;
      try {
        tx.replaceRelation(instance.relation, this.#compute(instance, reads, tx));
      } catch (cause) {
        // A view that was broken before does not fail this write.
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

  /** Must be called after a call was stopped without running `finally` blocks. */
  noteStop(): void {
    if (this.#computing) this.#computing.stops++;
    this.#computing = undefined;
  }

  /** Adds a watcher, which keeps the rows of a view. */
  retain(relation: Table): void {
    const instance = this.#byRelation.get(relation);
    if (!instance) return;
    instance.watchers++;
    this.#idle.delete(instance);
  }

  /** Removes a watcher. */
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

  /** Drops idle views that are too old, and the least recently used beyond the maximum number. */
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
    this.#computing = instance;
    const ran = this.#host.call(def, sender, { functionName: def.name, tx, reads });
    this.#computing = undefined;
    if (ran.kind === 'threw' && ran.thrown.wasStopped) instance.stops++;
    else instance.stops = 0;
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

/** The table of a view: its columns, and an index on its primary key. */
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

/** Splits `array<row>` after its header byte. Throws `BsatnError`. */
function splitRows({ layout }: Table, bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new BsatnReader(bytes, 1);
  const rows: Uint8Array[] = [];
  let at = 5;
  // Rows without bytes are all the same row.
  const count = layout.fixedSize === 0 ? Math.min(reader.u32(), 1) : reader.u32();
  for (let left = count; left > 0; left--) {
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

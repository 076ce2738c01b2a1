// The module in a database without a socket, in this process, with a manual clock: the time of a call is the cost of the module
// and of the tables.

import { readFile } from 'node:fs/promises';
import {
  BsatnWriter,
  createMemoryStorage,
  Database,
  encodeValue,
  fromJson,
  TestWorld,
  type Caller,
  type Table,
} from '@agora/host/testing';
import { readBundle } from '@agora/hub';

const START_MICROS = BigInt(Date.UTC(2026, 0, 5, 12)) * 1000n;

/** The tables of timers. */
const TIMERS = ['due', 'due_count', 'due_slot'];

/** A call with encoded arguments. */
export interface Call {
  readonly reducer: string;
  readonly args: Uint8Array;
}

/**
 * Time of a call, and the number of rows that it wrote; a changed row counts once. Timers are left out: all leases of an agent
 * share one, and which call sets it does not depend on the size.
 */
export interface Cost {
  readonly micros: number;
  readonly rows: number;
}

/** Encodes a call; `fields` are JSON texts by parameter, so that 64-bit integers keep all their digits. */
export function encodeCall(database: Database, reducer: string, fields: Readonly<Record<string, string>>): Call {
  const { reducers, typespace } = database.def;
  const found = reducers.find(each => each.name === reducer);
  if (!found) throw new Error(`the module has no reducer ${reducer}`);
  const values = found.params.elements.map(({ name = '' }) => {
    const value = fields[name];
    if (value === undefined) throw new Error(`${reducer} needs ${name}`);
    return value;
  });
  const writer = new BsatnWriter();
  encodeValue(found.params, typespace, fromJson(found.params, typespace, `[${values.join(',')}]`), writer);
  return { reducer, args: writer.finish() };
}

/** Makes a call and returns its cost; throws if it is refused. */
export function timed(database: Database, caller: Caller, { reducer, args }: Call): Cost {
  const startedAt = performance.now();
  const outcome = database.call(reducer, args, caller);
  const micros = (performance.now() - startedAt) * 1000;
  if (outcome.kind !== 'committed') throw new Error(`${reducer} was refused: ${outcome.message}`);
  let rows = 0;
  for (const { table, inserts, deletes } of outcome.commit.changes) {
    // The rows of a subscribed view are computed, not written.
    if (TIMERS.includes(table.def.name) || database.datastore.tableByName(table.def.name) !== table) continue;
    rows += new Set([...inserts, ...deletes].map(row => row.key)).size;
  }
  return { micros, rows };
}

/** A table of the module. */
export function tableOf(database: Database, name: string): Table {
  const table = database.datastore.tableByName(name);
  if (!table) throw new Error(`the module has no table ${name}`);
  return table;
}

/** Yields the values of some columns of each row. */
export function* columnsOf(table: Table, names: readonly string[]): Generator<unknown[]> {
  const at = names.map(name => table.def.columns.findIndex(column => column.name === name));
  if (at.includes(-1)) throw new Error(`${table.def.name} lacks one of ${names.join(', ')}`);
  for (const { bytes } of table.rows()) yield at.map(column => table.layout.value(bytes, column));
}

/** A database with the module in it. */
export class Lab implements AsyncDisposable {
  readonly database: Database;
  readonly #world: TestWorld;
  #identities = 1n;

  private constructor(database: Database, world: TestWorld) {
    this.database = database;
    this.#world = world;
  }

  /** Opens a new database, with the module of this checkout unless another bundle is given. */
  static async open(bundle?: URL): Promise<Lab> {
    const world = new TestWorld(START_MICROS);
    const storage = createMemoryStorage();
    const options = {
      storage,
      world,
      identity: 2n ** 200n,
      owner: 1n,
      bundle: await (bundle ? readFile(bundle) : readBundle()),
    };
    return new Lab(await Database.open(options), world);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database.close();
  }

  get nowMs(): number {
    return Number(this.#world.now() / 1000n);
  }
  advance(ms: number): void {
    this.#world.advance(ms);
  }

  /** Connects a caller with a new identity. */
  connect(): Caller {
    const identity = ++this.#identities;
    const caller = { identity, connectionId: identity * 1000n, claims: undefined };
    this.database.connect(caller);
    return caller;
  }

  /** Keeps a view of the caller up to date, as for a subscribed client. */
  follow(caller: Caller, view: string): void {
    const found = this.database.def.views.find(({ name }) => name === view);
    if (!found) throw new Error(`the module has no view ${view}`);
    this.database.retainView(this.database.viewTable(found, caller.identity));
  }

  /** Removes all rows of a table but the first `count`, as retention does, and returns their number. */
  forget(name: string, count: number): number {
    const table = tableOf(this.database, name);
    const rows = [...table.rows()].slice(count);
    if (rows.length > 0)
      this.database.write({ identity: 1n, connectionId: undefined, claims: undefined }, tx => {
        for (const row of rows) tx.deleteRow(table, row);
      });
    return rows.length;
  }
}

// A client of a database in a test.

import type { Database } from '../database.ts';
import type { CallOutcome, Caller } from '../database/outcome.ts';
import type { Table } from '../datastore/table.ts';
import { runStatement } from '../query/statement.ts';
import { BsatnReader } from '../sats/reader.ts';
import type { ProductType } from '../sats/type.ts';
import { decodeValue, encodeValue } from '../sats/value.ts';
import { BsatnWriter } from '../sats/writer.ts';
import { fromPlain, plainName, toPlain, type Plain, type PlainObject } from './plain.ts';

/** A refused call, with the message for its caller; it changed nothing. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused';
  readonly code = 'call/refused';
  /** `failed`: the module threw a SenderError; `internal`: it failed, and its log has the reason; others: it did not run. */
  readonly kind: Exclude<CallOutcome['kind'], 'committed'> | 'internal-error';

  constructor(kind: CallRefused['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One identity with one connection. All calls are synchronous. */
export class TestClient {
  readonly identity: bigint;
  readonly connectionId: bigint;
  readonly #database: Database;
  readonly #claims: Uint8Array | undefined;

  constructor(database: Database, identity: bigint, connectionId: bigint, claims?: Uint8Array) {
    this.#database = database;
    this.identity = identity;
    this.connectionId = connectionId;
    this.#claims = claims;
  }

  get #caller(): Caller {
    return { identity: this.identity, connectionId: this.connectionId, claims: this.#claims };
  }

  /** Connects, which runs `clientConnected`. Throws `CallRefused` if the module refuses the client. */
  connect(): this {
    done(this.#database.connect(this.#caller));
    return this;
  }
  /** Disconnects, which runs `clientDisconnected`. */
  disconnect(): void {
    this.#database.disconnect(this.#caller);
  }

  /** Calls a reducer with arguments by name. Throws `CallRefused`; then nothing was written. */
  call(reducer: string, args: PlainObject = {}): void {
    const def = find(this.#database.def.reducers, reducer, 'reducer');
    done(this.#database.call(def.name, this.#encode(def.params, args), this.#caller));
  }

  /** Runs a procedure and returns its value. Throws `CallRefused`. */
  procedure(name: string, args: PlainObject = {}): Plain {
    const { def } = this.#database;
    const procedure = find(def.procedures, name, 'procedure');
    const outcome = this.#database.runProcedure(procedure.name, this.#encode(procedure.params, args), this.#caller);
    if (outcome.kind !== 'returned') throw new CallRefused(outcome.kind, outcome.message);
    const value = decodeValue(procedure.returns, def.typespace, new BsatnReader(outcome.value));
    return toPlain(procedure.returns, def.typespace, value);
  }

  /** The rows of a view as this identity sees them. */
  view(name: string): PlainObject[] {
    const def = find(this.#database.def.views, name, 'view');
    return rowsOf(this.#database.viewTable(def, this.identity));
  }

  /** Runs a statement of SQL with the rights of this identity, and returns its rows as lists of plain values. */
  sql(statement: string): Plain[][] {
    return runSql(this.#database, statement, this.#caller);
  }

  #encode(params: ProductType, args: PlainObject): Uint8Array {
    const { typespace } = this.#database.def;
    const writer = new BsatnWriter();
    encodeValue(params, typespace, fromPlain(params, typespace, args, 'args'), writer);
    return writer.finish();
  }
}

/** The rows of an SQL statement with the rights of an identity, as lists of plain values. */
export function databaseSql(database: Database, statement: string, identity: bigint): Plain[][] {
  return runSql(database, statement, { identity, connectionId: undefined, claims: undefined });
}

/** Every row of a table, by its name in the module or the canonical name. */
export function databaseRows(database: Database, table: string): PlainObject[] {
  const found = database.datastore.tableByName(find(database.def.tables, table, 'table').name);
  return found ? rowsOf(found) : [];
}

function runSql(database: Database, statement: string, caller: Caller): Plain[][] {
  const { schema, typespace, rows } = runStatement(database, statement, caller, database.variables);
  return rows.map(bytes => {
    const reader = new BsatnReader(bytes);
    return schema.elements.map(({ type }) => toPlain(type, typespace, decodeValue(type, typespace, reader)));
  });
}

/** The rows of a table as plain values, in no particular order. */
export function rowsOf(table: Table): PlainObject[] {
  const { type, typespace } = table.layout;
  return Array.from(table.rows(), ({ bytes }) => {
    const row = toPlain(type, typespace, decodeValue(type, typespace, new BsatnReader(bytes)));
    return row as PlainObject; // a row is a product
  });
}

/** Finds a definition by its name in the module or its canonical name. */
export function find<T extends { readonly name: string }>(all: readonly T[], name: string, kind: string): T {
  const found = all.find(each => each.name === name) ?? all.find(each => plainName(each.name) === plainName(name));
  if (found) return found;
  throw new TypeError(`the module has no ${kind} ${name}; it has: ${all.map(each => each.name).join(', ')}`);
}

function done(outcome: CallOutcome): void {
  if (outcome.kind !== 'committed') throw new CallRefused(outcome.kind, outcome.message);
}

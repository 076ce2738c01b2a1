// A database for unit tests: real storage, a manual clock, arguments and rows as values.

import { Database, type CallOutcome, type Caller, type ProcedureOutcome } from '../../database.ts';
import type { Table } from '../../datastore/table.ts';
import { assert } from '../../errors.ts';
import { bundleModule } from '../../guest/testing/bundle-module.ts';
import type { CallLimits } from '../../guest/watchdog.ts';
import { BsatnReader } from '../../sats/reader.ts';
import type { AlgebraicType } from '../../sats/type.ts';
import { decodeValue, encodeValue, type SatsValue } from '../../sats/value.ts';
import { BsatnWriter } from '../../sats/writer.ts';
import { createMemoryFolder } from '../../storage/memory-folder.ts';
import type { Storage } from '../../storage/storage.ts';
import { TestWorld } from '../../testing/test-world.ts';

export const OWNER: Caller = { identity: 0xa11cen, connectionId: undefined, claims: undefined };
export const ANN: Caller = { identity: 0xa22n, connectionId: 0xc1n, claims: undefined };
export const BEN: Caller = { identity: 0xbe2n, connectionId: 0xc2n, claims: undefined };
export const DATABASE_IDENTITY = 0xdb1n;

/** A database with helpers to call functions and read rows. */
export class DatabaseHarness implements AsyncDisposable {
  readonly database: Database;
  readonly world: TestWorld;

  private constructor(database: Database, world: TestWorld) {
    this.database = database;
    this.world = world;
  }

  /** Opens a database with a module given as source. */
  static async open(
    source: string,
    options: {
      readonly world?: TestWorld;
      readonly storage?: Storage;
      readonly callLimits?: CallLimits;
      readonly isolatedBytes?: number;
    } = {},
  ): Promise<DatabaseHarness> {
    const world = options.world ?? new TestWorld();
    const storage = options.storage ?? (await openMemoryStorage());
    const { callLimits, isolatedBytes } = options;
    const known = { identity: DATABASE_IDENTITY, owner: OWNER.identity, bundle: bytesOf(source) };
    const opened = {
      storage,
      world,
      ...known,
      ...(callLimits && { callLimits }),
      ...(isolatedBytes !== undefined && { isolatedBytes }),
    };
    return new DatabaseHarness(await Database.open(opened), world);
  }

  call(name: string, args: readonly SatsValue[] = [], caller = ANN): CallOutcome {
    const def = this.database.def.reducers.find(each => each.name === name);
    return this.database.call(name, this.#encode(def?.params, args), caller);
  }

  procedure(name: string, args: readonly SatsValue[] = [], caller = ANN): ProcedureOutcome {
    const def = this.database.def.procedures.find(each => each.name === name);
    return this.database.runProcedure(name, this.#encode(def?.params, args), caller);
  }

  /** Runs a procedure and decodes its result. */
  value(name: string, args: readonly SatsValue[] = [], caller = ANN): SatsValue {
    const def = this.database.def.procedures.find(each => each.name === name);
    const outcome = this.procedure(name, args, caller);
    assert(def && outcome.kind === 'returned', `${name} returned`);
    return decodeValue(def.returns, this.database.def.typespace, new BsatnReader(outcome.value));
  }

  /** The decoded rows of a table, sorted by their text. */
  rows(name: string): SatsValue[] {
    const table = this.database.datastore.tableByName(name);
    assert(table, `there is a table ${name}`);
    return rowsOf(table);
  }

  viewRows(name: string, caller = ANN): SatsValue[] {
    return rowsOf(this.view(name, caller));
  }

  view(name: string, caller = ANN): Table {
    const view = this.database.def.views.find(each => each.name === name);
    assert(view, `there is a view ${name}`);
    return this.database.viewTable(view, caller.identity);
  }

  /** The log lines of the module. */
  logged(): { level: string; message: string; function?: string; line_number?: number }[] {
    return this.database.log
      .lines()
      .map(line => JSON.parse(line) as { level: string; message: string; target?: string })
      .filter(({ target }) => target === undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.close();
  }

  #encode(params: AlgebraicType | undefined, args: readonly SatsValue[]): Uint8Array {
    if (!params) return new Uint8Array(0);
    const writer = new BsatnWriter();
    encodeValue(params, this.database.def.typespace, args, writer);
    return writer.finish();
  }
}

async function openMemoryStorage(): Promise<Storage> {
  const folder = createMemoryFolder();
  await folder.createDatabase({ identity: DATABASE_IDENTITY, owner: OWNER.identity, names: [] });
  return folder.openStorage(DATABASE_IDENTITY);
}

/** The bundle of a module given as source. */
export function bytesOf(source: string): Uint8Array {
  return new TextEncoder().encode(bundleModule(source));
}

/** Rows as values, sorted so that they can be compared. */
export function rowsOf(table: Table): SatsValue[] {
  const values = Array.from(table.rows(), ({ bytes }) =>
    decodeValue(table.layout.type, table.layout.typespace, new BsatnReader(bytes)),
  );
  const text = (value: SatsValue) =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
  return values.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

// Database for the tests of query and subscription: tables, views as plain functions, and writes.

import type { Commit } from '../../datastore/commit.ts';
import { Datastore } from '../../datastore/datastore.ts';
import type { Table } from '../../datastore/table.ts';
import { rowTypeOf } from '../../datastore/testing/module-sketch.ts';
import type { Transaction } from '../../datastore/transaction.ts';
import { HostError } from '../../errors.ts';
import { BsatnReader } from '../../sats/reader.ts';
import { type AlgebraicType, type PrimitiveKind, type Typespace } from '../../sats/type.ts';
import { decodeValue, encodeValue, isList, type SatsValue } from '../../sats/value.ts';
import { BsatnWriter } from '../../sats/writer.ts';
import type { IndexDef, ModuleDef, TableDef, ViewDef } from '../../schema/definition.ts';
import { toCase } from '../../schema/words.ts';
import { QueryError } from '../query-error.ts';

export const OWNER = 1n;
export const ANN = 2n;
export const BEN = 3n;

type Columns = Readonly<Record<string, PrimitiveKind | AlgebraicType>>;

/** A table by its source name; its canonical name follows from that. */
export interface SourceTable {
  readonly columns: Columns;
  readonly name?: string;
  /** Columns with a unique index; the first is the primary key. */
  readonly unique?: readonly string[];
  readonly indexed?: readonly (string | readonly string[])[];
  readonly autoInc?: readonly string[];
  readonly isPrivate?: boolean;
  readonly isEvent?: boolean;
}

/** A view of a table's row type. */
export interface SourceView {
  readonly of: string;
  readonly rows: (source: TestSource, caller: bigint) => readonly Uint8Array[];
  readonly isPrivate?: boolean;
}

export const IDENTITY: AlgebraicType = special('__identity__', 'u256');
export const CONNECTION_ID: AlgebraicType = special('__connection_id__', 'u128');
export const TIMESTAMP: AlgebraicType = special('__timestamp_micros_since_unix_epoch__', 'i64');
export const DURATION: AlgebraicType = special('__time_duration_micros__', 'i64');
export const UUID: AlgebraicType = special('__uuid__', 'u128');

function special(name: string, kind: PrimitiveKind): AlgebraicType {
  return { kind: 'product', elements: [{ name, type: { kind } }] };
}

/** A source that passes its commits to `onCommit`; views are computed again before each. */
export class TestSource {
  readonly def: ModuleDef;
  readonly owner = OWNER;
  readonly datastore: Datastore;
  readonly retained: string[] = [];
  onCommit: (commit: Commit) => void = () => {};
  readonly #views: Readonly<Record<string, SourceView>>;
  readonly #viewTables = new Map<string, { table: Table; refresh: () => readonly Uint8Array[] }>();

  constructor(
    tables: Readonly<Record<string, SourceTable>>,
    views: Readonly<Record<string, SourceView>> = {},
    rowLevelSecurity: readonly string[] = [],
  ) {
    const entries = Object.entries(tables);
    const tableDefs = entries.map(([name, sketch], rowType) => tableDef(name, sketch, rowType));
    this.#views = views;
    this.def = {
      typespace: entries.map(([, { columns }]) => {
        const { elements } = rowTypeOf(columns);
        return {
          kind: 'product',
          elements: elements.map(({ name = '', type }) => ({ name: toCase(name, 'snake'), type })),
        };
      }),
      types: [],
      tables: tableDefs,
      reducers: [],
      procedures: [],
      views: Object.entries(views).map(([name, view], id) => viewDef(id, name, view, tableDefs)),
      handlers: [],
      routes: [],
      rowLevelSecurity,
    };
    this.datastore = new Datastore(this.def);
  }

  viewTable(view: ViewDef, caller: bigint): Table {
    const key = `${view.name} ${caller}`;
    let entry = this.#viewTables.get(key);
    if (!entry) {
      const model = this.def.tables.find(({ rowType }) => rowType === view.rowType);
      const rowType = this.def.typespace[view.rowType];
      const sketch = this.#views[view.sourceName];
      if (!model || rowType?.kind !== 'product' || !sketch) throw new Error(`no view ${view.name}`);
      const def = { ...model, name: view.name, sourceName: view.sourceName, indexes: [], uniques: [], sequences: [] };
      entry = { table: this.datastore.createRelation(def, rowType), refresh: () => sketch.rows(this, caller) };
      this.#viewTables.set(key, entry);
      const tx = this.datastore.begin();
      tx.replaceRelation(entry.table, entry.refresh());
      tx.commit();
    }
    return entry.table;
  }

  retainView(table: Table): void {
    this.retained.push(table.def.name);
  }
  releaseView(table: Table): void {
    this.retained.splice(this.retained.indexOf(table.def.name), 1);
  }

  write<T>(
    _caller: unknown,
    work: (tx: Transaction) => T,
  ): { outcome: { kind: 'committed'; commit: Commit }; value: T } {
    const tx = this.datastore.begin();
    try {
      const value = work(tx);
      for (const { table, refresh } of this.#viewTables.values()) tx.replaceRelation(table, refresh());
      const commit = tx.commit();
      this.onCommit(commit);
      return { outcome: { kind: 'committed', commit }, value };
    } finally {
      tx.rollback();
    }
  }

  table(name: string): Table {
    const table = this.datastore.tableByName(name);
    if (!table) throw new Error(`no table ${name}`);
    return table;
  }

  /** The bytes of a row with these column values. */
  row(table: string, ...values: readonly SatsValue[]): Uint8Array {
    const { layout } = this.table(table);
    const writer = new BsatnWriter();
    encodeValue(layout.type, layout.typespace, values, writer);
    return writer.finish();
  }

  /** The values of a row's columns. */
  values(table: Table, bytes: Uint8Array): SatsValue {
    return decodeValue(table.layout.type, table.layout.typespace, new BsatnReader(bytes));
  }

  /** A row of any product type. */
  decode({ schema, typespace }: { schema: AlgebraicType; typespace: Typespace }, bytes: Uint8Array): SatsValue {
    return decodeValue(schema, typespace, new BsatnReader(bytes));
  }

  /** The rows of a table whose column passes. */
  rowsWhere(table: string, column: number, passes: (value: SatsValue) => boolean): Uint8Array[] {
    const { layout } = this.table(table);
    const rows = [...this.table(table).rows()].map(row => row.bytes);
    return rows.filter(bytes => passes(layout.value(bytes, column)));
  }

  insert(table: string, ...values: readonly SatsValue[]): void {
    this.write(undefined, tx => tx.insert(this.table(table), this.row(table, ...values)));
  }
  remove(table: string, ...values: readonly SatsValue[]): void {
    this.write(undefined, tx => tx.deleteEqual(this.table(table), this.row(table, ...values)));
  }
}

function tableDef(sourceName: string, sketch: SourceTable, rowType: number): TableDef {
  const name = sketch.name ?? toCase(sourceName, 'snake');
  const spellings = Object.keys(sketch.columns);
  const at = (column: string): number => spellings.indexOf(column);
  const { unique = [], indexed = [], autoInc = [] } = sketch;
  const indexDef = (columns: readonly string[]): IndexDef => ({
    name: `${name}_${columns.map(column => toCase(column, 'snake')).join('_')}_idx_btree`,
    sourceName: `${sourceName}_${columns.join('_')}_idx_btree`,
    accessor: undefined,
    algorithm: 'btree',
    columns: columns.map(at),
  });
  return {
    name,
    sourceName,
    rowType,
    columns: rowTypeOf(sketch.columns).elements.map(({ name: column = '', type }) => ({
      name: toCase(column, 'snake'),
      sourceName: column,
      type,
    })),
    primaryKey: unique[0] === undefined ? undefined : at(unique[0]),
    indexes: [...unique.map(column => [column]), ...indexed.map(columns => [columns].flat())].map(indexDef),
    uniques: unique.map(column => ({ name: `${name}_${column}_key`, columns: [at(column)] })),
    sequences: autoInc.map(column => ({
      name: `${name}_${column}_seq`,
      column: at(column),
      start: 1n,
      min: 1n,
      max: 2n ** 31n,
      increment: 1n,
    })),
    isPublic: !sketch.isPrivate,
    isEvent: sketch.isEvent ?? false,
    defaults: new Map(),
    schedule: undefined,
  };
}

function viewDef(id: number, sourceName: string, { of, isPrivate }: SourceView, tables: readonly TableDef[]): ViewDef {
  const model = tables.find(table => table.sourceName === of);
  if (!model) throw new Error(`no table ${of}`);
  return {
    id,
    name: toCase(sourceName, 'snake'),
    sourceName,
    isAnonymous: false,
    isPublic: !isPrivate,
    rowType: model.rowType,
    columns: model.columns,
    primaryKey: model.primaryKey,
    returns: { kind: 'array', element: { kind: 'ref', ref: model.rowType } },
  };
}

/** The tables and views of the recorded probe module. */
export function probeSource(): TestSource {
  const person = {
    columns: { id: 'u32', name: 'string', age: 'u8', teamId: 'u32' },
    unique: ['id', 'name'],
    indexed: ['teamId', ['teamId', 'age']],
    autoInc: ['id'],
  } as const;
  return new TestSource(
    {
      person,
      team: { columns: { id: 'u32', title: 'string' }, unique: ['id'] },
      loose: { columns: { a: 'u32', b: 'string' } },
      secret: { columns: { id: 'u32', note: 'string' }, unique: ['id'], isPrivate: true },
      unindexed: { columns: { id: 'u32', other: 'u32' } },
      mail: {
        columns: { id: 'u64', owner: IDENTITY, text: 'string' },
        unique: ['id'],
        indexed: ['owner'],
        autoInc: ['id'],
        isPrivate: true,
      },
      happening: { columns: { what: 'string', n: 'u32' }, isEvent: true },
      naming: {
        name: 'KeptAsIs',
        columns: { id: 'u32', camelCase: 'string', HTTPServer: 'u32', level2: 'u32', snake_case: 'bool' },
        unique: ['id'],
      },
      signedKeys: { columns: { id: 'u32', n: 'i32', s: 'string' }, unique: ['id'], indexed: [['n', 's']] },
    },
    {
      myMail: {
        of: 'mail',
        rows: (source, caller) => source.rowsWhere('mail', 1, owner => isList(owner) && owner[0] === caller),
      },
      adults: { of: 'person', rows: source => source.rowsWhere('person', 2, age => Number(age) >= 18) },
    },
  );
}

/** The sentence of a refusal or of an exceeded budget, or `accepted`. */
export function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown.message;
    if (thrown instanceof HostError && thrown.code === 'query/over-budget') return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

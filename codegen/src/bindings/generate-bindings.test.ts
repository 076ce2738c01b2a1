// Cases that the recorded bindings of a probe module lack; those are compared byte for byte in `tests/src/codegen`.

import { checkModule, type RawModule } from '@agora/host/schema';
import {
  array,
  btree,
  keyed,
  of,
  option,
  procedure,
  product,
  rawModule,
  reducer,
  ref,
  result,
  scheduleAt,
  sum,
  table,
  typeDef,
  unit,
  view,
} from '@agora/host/schema/fixtures';
import { describe, expect, test } from 'vitest';
import { generateBindings } from './generate-bindings.ts';
import { type BindingOptions } from './module-view.ts';

function generate(raw: Partial<RawModule>, options?: BindingOptions) {
  const files = generateBindings(checkModule(rawModule(raw)), options);
  return {
    names: [...files.keys()].sort(),
    /** A file without its header, which the recorded bindings pin. */
    body: (name: string) => (files.get(name) ?? `no ${name}`).replace(/^[^]*?from "spacetimedb";\n/, ''),
  };
}

const row = product({ rowId: of('u64'), HTTPHost: of('string') });

describe('tables', () => {
  test('that are events say so; an index without accessor is left out, any other is a B-tree', () => {
    const { body } = generate({
      typespace: [row],
      types: [typeDef('Happening', 0)],
      tables: [
        table('bigHappening', 0, {
          ...keyed('bigHappening'),
          isEvent: true,
          indexes: [
            { ...btree('zz', 1, 0), accessor: 'byBoth', algorithm: 'hash' },
            { ...btree('silent', 1), accessor: undefined },
            btree('aa', 0),
          ],
          uniques: [
            { sourceName: undefined, columns: [1, 0] },
            { sourceName: undefined, columns: [0] },
          ],
        }),
      ],
    });

    expect(body('index.ts')).toContain(`
const tablesSchema = __schema({
  bigHappening: __table({
    name: 'big_happening',
    indexes: [
      { accessor: 'byBoth', name: 'big_happening_http_host_row_id_idx_hash', algorithm: 'btree', columns: [
        'httpHost',
        'rowId',
      ] },
      { accessor: 'aa', name: 'big_happening_row_id_idx_btree', algorithm: 'btree', columns: [
        'rowId',
      ] },
    ],
    constraints: [
      { name: 'big_happening_http_host_row_id_key', constraint: 'unique', columns: ['rowId', 'httpHost'] },
      { name: 'big_happening_row_id_key', constraint: 'unique', columns: ['rowId'] },
    ],
    event: true,
  }, BigHappeningRow),
});
`);
    expect(body('big_happening_table.ts')).toBe(`
export default __t.row({
  rowId: __t.u64().primaryKey().name("row_id"),
  httpHost: __t.string().name("http_host"),
});
`);
  });

  test('that are private are left out, with what is private among functions, unless asked for', () => {
    const module = {
      typespace: [row, product({ id: of('u64'), at: scheduleAt })],
      types: [typeDef('Secret', 0), typeDef('Timer', 1)],
      tables: [table('secret', 0, { access: 'private' }), table('timer', 1, { ...keyed('timer'), access: 'private' })],
      reducers: [reducer('ring', product({ row: ref(1) })), reducer('init'), reducer('hello'), reducer('open')],
      schedules: [{ sourceName: undefined, table: 'timer', atColumn: 1, functionName: 'ring' }],
      lifecycles: [
        { lifecycle: 'init', functionName: 'init' },
        { lifecycle: 'onConnect', functionName: 'hello' },
      ],
    } as const;

    expect(generate(module).names).toEqual([
      'index.ts',
      'open_reducer.ts',
      'types.ts',
      'types/procedures.ts',
      'types/reducers.ts',
    ]);
    expect(generate(module).body('types.ts')).toContain('export const Secret = ');

    const all = generate(module, { includePrivate: true });
    expect(all.names).toEqual([
      'hello_reducer.ts',
      'index.ts',
      'open_reducer.ts',
      'ring_reducer.ts',
      'secret_table.ts',
      'timer_table.ts',
      'types.ts',
      'types/procedures.ts',
      'types/reducers.ts',
    ]);
    // A lifecycle reducer has a file, but clients cannot call it.
    expect(all.body('index.ts')).toMatch(
      /__reducers\(\n {2}__reducerSchema\("ring", .*\n {2}__reducerSchema\("open", .*\n\);/,
    );
    expect(all.body('types/reducers.ts')).toContain('export type HelloParams = __Infer<typeof HelloReducer>;');
  });

  test('may be views, under a key if they have one', () => {
    const { body } = generate({
      typespace: [row],
      types: [typeDef('Row', 0)],
      views: [view('topRows', option(ref(0))), view('allRows', array(ref(0)), { index: 1 })],
      viewPrimaryKeys: [{ view: 'topRows', columns: ['rowId'] }],
    });
    expect(body('top_rows_table.ts')).toContain('rowId: __t.u64().primaryKey().name("row_id"),');
    expect(body('all_rows_table.ts')).toContain('rowId: __t.u64().name("row_id"),');
    expect(body('index.ts').indexOf('  allRows: __table({')).toBeLessThan(
      body('index.ts').indexOf('  topRows: __table({'),
    );
  });
});

describe('names that are not camelCase', () => {
  const { body, names } = generate({
    typespace: [row],
    types: [typeDef('Row', 0)],
    tables: [table('logged_out', 0), table('plain', 0), table('Player', 0)],
    views: [view('my_view', array(ref(0)))],
  });
  const index = body('index.ts');

  test('stay usable as deprecated aliases, of tables and of views', () => {
    expect(names).toContain('logged_out_table.ts');
    expect(index).toContain(`
type __SchemaWithTableAccessorAliases = Omit<typeof tablesSchema.schemaType, "tables"> & {
  tables: typeof tablesSchema.schemaType.tables & {
    /** @deprecated Use \`loggedOut\` instead. This alias will be removed in the next major version. */
    readonly "logged_out": Omit<typeof tablesSchema.schemaType.tables["loggedOut"], "accessorName"> & { readonly accessorName: "logged_out" };
    /** @deprecated Use \`player\` instead. This alias will be removed in the next major version. */
    readonly "Player": Omit<typeof tablesSchema.schemaType.tables["player"], "accessorName"> & { readonly accessorName: "Player" };
    /** @deprecated Use \`myView\` instead. This alias will be removed in the next major version. */
    readonly "my_view": Omit<typeof tablesSchema.schemaType.tables["myView"], "accessorName"> & { readonly accessorName: "my_view" };
  };
};

/** The remote SpacetimeDB module schema, both runtime and type information. */
const REMOTE_MODULE = {
  versionInfo: {
    cliVersion: "2.8.3" as const,
  },
  tables: tablesSchema.schemaType.tables as __SchemaWithTableAccessorAliases["tables"],
  reducers: reducersSchema.reducersType.reducers,
  ...proceduresSchema,
} satisfies __RemoteModule<
  __SchemaWithTableAccessorAliases,
  typeof reducersSchema.reducersType,
  typeof proceduresSchema
>;

const tableAccessorAliases = {
  "logged_out": "loggedOut",
  "Player": "player",
  "my_view": "myView",
} as const;

function __withTableAccessorAliases<T extends object>(target: T, freeze = false): T {
  const out = Object.create(Object.getPrototypeOf(target)) as T & Record<string, unknown>;
  Object.defineProperties(out, Object.getOwnPropertyDescriptors(target));
  for (const [deprecatedAccessor, targetAccessor] of Object.entries(tableAccessorAliases)) {
    if (deprecatedAccessor in out) {
      continue;
    }
    Object.defineProperty(out, deprecatedAccessor, {
      enumerable: true,
      configurable: false,
      get: () => out[targetAccessor],
    });
  }
  return freeze ? Object.freeze(out) : out;
}

type __DbViewBase = __DbConnectionImpl<typeof REMOTE_MODULE>["db"];
export type DbView = __DbViewBase & {
  /** @deprecated Use \`loggedOut\` instead. This alias will be removed in the next major version. */
  readonly "logged_out": __DbViewBase["loggedOut"];
`);
    expect(index).toContain(`
const tablesBase: __TablesBase = __makeQueryBuilder(tablesSchema.schemaType);
export const tables: Tables = __withTableAccessorAliases(tablesBase, true) as Tables;
`);
    expect(index).toContain(
      'export type EventContext = Omit<__EventContextInterface<typeof REMOTE_MODULE>, "db"> & { db: DbView };\n',
    );
    expect(index).toContain(`
export class DbConnection extends __DbConnectionImpl<typeof REMOTE_MODULE> {
  declare db: DbView;

  constructor(config: __DbConnectionConfig<typeof REMOTE_MODULE>) {
    super(config);
    this.db = __withTableAccessorAliases(this.db) as DbView;
  }

  /** Creates a new {@link DbConnectionBuilder}`);
  });

  test('are no alias where another table has that very key', () => {
    const clash = generate({
      typespace: [row],
      types: [typeDef('Row', 0)],
      tables: [table('Player', 0), table('player', 0)],
      explicitNames: [{ kind: 'table', sourceName: 'Player', canonicalName: 'heroes' }],
    });
    expect(clash.body('index.ts')).not.toContain('tableAccessorAliases = {\n  "player"');
  });
});

describe('types', () => {
  test('refer to each other through getters, however deep the reference stands', () => {
    const { body } = generate({
      typespace: [
        product({
          maybe: option(array(ref(1))),
          either: result(ref(1), of('string')),
          plain: result(option(of('u8')), array(of('u8'))),
          lists: array(array(of('i256'))),
          nothing: unit,
          never: sum({}),
        }),
        sum({ dark_blue: unit, XMLNode: ref(0), light: of('f64') }),
      ],
      types: [typeDef('deep_one', 1, ['my_space']), typeDef('Zed', 0)],
      procedures: [procedure('askIt', product({ whichOne: option(ref(1)) }), result(ref(0), of('bool')))],
    });

    expect(body('types.ts')).toBe(`
export const Zed = __t.object("Zed", {
  get maybe() {
    return __t.option(__t.array(MySpaceDeepOne));
  },
  get either() {
    return __t.result(MySpaceDeepOne, __t.string());
  },
  plain: __t.result(__t.option(__t.u8()), __t.byteArray()),
  lists: __t.array(__t.array(__t.i256())),
  nothing: __t.unit(),
  never: __t.never(),
});
export type Zed = __Infer<typeof Zed>;

// The tagged union or sum type for the algebraic type \`MySpaceDeepOne\`.
export const MySpaceDeepOne = __t.enum("MySpaceDeepOne", {
  DarkBlue: __t.unit(),
  get XmlNode() {
    return Zed;
  },
  Light: __t.f64(),
});
export type MySpaceDeepOne = __Infer<typeof MySpaceDeepOne>;

`);
    expect(body('ask_it_procedure.ts')).toBe(`
import {
  Zed,
  MySpaceDeepOne,
} from "./types";

export const params = {
  get whichOne() {
    return __t.option(MySpaceDeepOne);
  },
};
export const returnType = __t.result(Zed, __t.bool())`);
  });

  test('leave out the arguments of reducers, which have files of their own', () => {
    const { body } = generate({
      typespace: [product({ a: of('u8') }), product({})],
      types: [typeDef('DoIt', 0), typeDef('Empty', 1)],
      reducers: [reducer('doIt', product({ snake_case: of('u8') }))],
    });
    expect(body('types.ts')).toBe(
      '\nexport const Empty = __t.object("Empty", {});\nexport type Empty = __Infer<typeof Empty>;\n\n',
    );
    expect(body('do_it_reducer.ts')).toBe('\nexport default {\n  snakeCase: __t.u8(),\n};\n');
  });
});

describe('submodules', () => {
  const deep = rawModule({ reducers: [reducer('goDeep')] });
  const lib = rawModule({
    typespace: [product({ libId: of('u32') })],
    types: [typeDef('Book', 0)],
    tables: [table('bookShelf', 0, keyed('bookShelf')), table('hidden', 0, { access: 'private' })],
    views: [view('newBooks', array(ref(0)))],
    reducers: [reducer('addBook', product({ row: ref(0) }))],
    procedures: [procedure('countBooks', unit, of('u64'))],
    submodules: [{ namespace: 'deep', module: deep }],
  });
  const { body, names } = generate(
    {
      typespace: [product({ id: of('u8') })],
      types: [typeDef('Own', 0)],
      tables: [table('own', 0)],
      reducers: [reducer('doIt')],
      submodules: [{ namespace: 'lib', module: lib }],
    },
    { includePrivate: true },
  );
  const index = body('index.ts');

  test('have their files in folders, with types of their own', () => {
    expect(names).toEqual([
      'do_it_reducer.ts',
      'index.ts',
      'lib/add_book_reducer.ts',
      'lib/book_shelf_table.ts',
      'lib/count_books_procedure.ts',
      'lib/deep/go_deep_reducer.ts',
      'lib/deep/types.ts',
      'lib/new_books_table.ts',
      'lib/types.ts',
      'own_table.ts',
      'types.ts',
      'types/procedures.ts',
      'types/reducers.ts',
    ]);
    expect(body('lib/add_book_reducer.ts')).toContain('import {\n  Book,\n} from "./types";');
  });

  test('are imported beside the root, and called by dotted names', () => {
    expect(index).toContain(`
// Import all table schema definitions
import OwnRow from "./own_table";

// Import namespace table schema definitions
import Lib_BookShelfRow from "./lib/book_shelf_table";
import Lib_NewBooksRow from "./lib/new_books_table";

// Import namespace reducer arg schemas
import Lib_AddBookReducer from "./lib/add_book_reducer";
import LibDeep_GoDeepReducer from "./lib/deep/go_deep_reducer";

// Import namespace procedure arg schemas
import * as Lib_CountBooksProcedure from "./lib/count_books_procedure";
`);
    expect(index).toContain(`
  "lib.book_shelf": __table({
    name: 'lib.book_shelf',
    indexes: [
      { accessor: 'bookShelf_key_idx_btree', name: 'book_shelf_lib_id_idx_btree', algorithm: 'btree', columns: [
        'libId',
      ] },
    ],
`);
    expect(index).toContain(`
const reducersSchema = __reducers(
  __reducerSchema("do_it", DoItReducer),
  __reducerSchema("lib.add_book", Lib_AddBookReducer),
  __reducerSchema("lib.deep.go_deep", LibDeep_GoDeepReducer),
);
`);
    expect(index).toContain(
      '  __procedureSchema("lib.count_books", Lib_CountBooksProcedure.params, Lib_CountBooksProcedure.returnType),\n',
    );
  });

  test('are reached through nested objects', () => {
    expect(index).toContain(`
const __qb = __makeQueryBuilder(tablesSchema.schemaType);
export const tables = {
  own: __qb.own,
  lib: {
    bookShelf: __qb["lib.book_shelf"],
    newBooks: __qb["lib.new_books"],
  },
} as const;

/** The reducers available in this remote SpacetimeDB module. */
const __reducerAccessors = __convertToAccessorMap(reducersSchema.reducersType.reducers);
export const reducers = {
  doIt: __reducerAccessors.doIt,
  lib: {
    addBook: __reducerAccessors["lib.addBook"],
    deep: {
      goDeep: __reducerAccessors["lib.deep.goDeep"],
    },
  },
} as const;

/** The procedures available in this remote SpacetimeDB module. */
const __procedureAccessors = __convertToAccessorMap(proceduresSchema.procedures);
export const procedures = {
  lib: {
    countBooks: __procedureAccessors["lib.countBooks"],
  },
} as const;
`);
  });
});

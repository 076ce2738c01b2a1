import { describe, expect, test } from 'vitest';
import { HostError } from '../errors.ts';
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
  scheduleAt,
  sum,
  table,
  typeDef,
  unit,
  view,
} from './testing/fixtures.ts';
import { type RawModule } from './raw.ts';
import { validateModule } from './validate.ts';

/** A valid module, for tests that change one part of it. */
function base(parts: Partial<RawModule> = {}): RawModule {
  return rawModule({
    typespace: [
      product({ teamId: of('u64'), HTTPServer: of('string'), level2: of('u8') }),
      product({ scheduledId: of('u64'), scheduledAt: scheduleAt, maybe: option(of('u8')) }),
      sum({ DarkBlue: unit, Light: ref(0) }),
    ],
    types: [typeDef('Player', 0), typeDef('Timer', 1), typeDef('Colour', 2)],
    ...parts,
  });
}

function faultsOf(parts: Partial<RawModule>): string[] {
  try {
    validateModule(base(parts));
    return [];
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    expect(thrown.code).toBe('schema/invalid');
    return thrown.message.split('\n');
  }
}

const timer = table('myTimer', 1, keyed('myTimer'));
const ring = reducer('ringBell', product({ row: ref(1) }));
const schedule = { sourceName: undefined, table: 'myTimer', atColumn: 1, functionName: 'ringBell' };

describe('a valid module', () => {
  test('gets canonical names, and keeps its source names', () => {
    const def = validateModule(
      base({
        tables: [
          table('bigTeam', 0, {
            ...keyed('bigTeam'),
            indexes: [btree('bigTeam_teamId_idx_btree', 0), btree('bigTeam_level2_HTTPServer_idx_btree', 2, 1)],
            sequences: [
              { sourceName: undefined, column: 0, start: undefined, min: undefined, max: undefined, increment: 1n },
            ],
          }),
        ],
        views: [view('topTeams', array(ref(0)))],
        viewPrimaryKeys: [{ view: 'topTeams', columns: ['teamId'] }],
      }),
    );

    const [team] = def.tables;
    expect(team?.name).toBe('big_team');
    expect(team?.columns.map(({ name, sourceName }) => [name, sourceName])).toEqual([
      ['team_id', 'teamId'],
      ['http_server', 'HTTPServer'],
      ['level_2', 'level2'],
    ]);
    expect(team?.indexes.map(({ name }) => name)).toEqual([
      'big_team_team_id_idx_btree',
      'big_team_level_2_http_server_idx_btree',
    ]);
    expect(team?.uniques).toEqual([{ name: 'big_team_team_id_key', columns: [0] }]);
    expect(team?.sequences[0]).toEqual({
      name: 'big_team_team_id_seq',
      column: 0,
      start: 1n,
      min: 1n,
      max: 2n ** 127n - 1n,
      increment: 1n,
    });
    expect(def.views[0]).toMatchObject({ name: 'top_teams', rowType: 0, primaryKey: 0 });
    expect(def.typespace[2]).toEqual(sum({ darkBlue: unit, light: ref(0) }));
    expect(def.typespace[1]).toEqual(
      product({ scheduled_id: of('u64'), scheduled_at: scheduleAt, maybe: option(of('u8')) }),
    );
  });

  test('has private functions where only the server calls them', () => {
    const def = validateModule(
      base({
        tables: [timer],
        schedules: [schedule],
        reducers: [ring, reducer('init'), reducer('open')],
        lifecycles: [{ lifecycle: 'init', functionName: 'init' }],
      }),
    );
    expect(def.reducers.map(({ name, isPrivate, lifecycle }) => [name, isPrivate, lifecycle])).toEqual([
      ['ring_bell', true, undefined],
      ['init', true, 'init'],
      ['open', false, undefined],
    ]);
    expect(def.tables[0]?.schedule).toEqual({ name: 'my_timer_sched', atColumn: 1, functionName: 'ringBell' });
  });

  test('may schedule a procedure', () => {
    const parts = { tables: [timer], schedules: [schedule] };
    const def = validateModule(base({ ...parts, procedures: [procedure('ringBell', product({ row: ref(1) }), unit)] }));
    expect(def.procedures[0]?.isPrivate).toBe(true);
  });
});

describe('submodules', () => {
  const inner = rawModule({
    typespace: [product({ id: of('u64'), other: ref(1) }), sum({ A: unit })],
    types: [typeDef('LibTable', 0), typeDef('Kind', 1)],
    tables: [table('libTable', 0, { ...keyed('libTable'), access: 'private' })],
    reducers: [reducer('libInsert', product({ row: ref(0) }))],
    procedures: [procedure('libAsk', unit, ref(1))],
    views: [view('libView', array(ref(0))), view('libMine', option(ref(0)), { isAnonymous: false })],
  });
  const module = base({
    reducers: [reducer('aa'), reducer('zed')],
    views: [view('vv', array(ref(0))), view('mine', array(ref(0)), { isAnonymous: false })],
    submodules: [
      {
        namespace: 'lib',
        module: { ...inner, submodules: [{ namespace: 'deep', module: rawModule({ reducers: [reducer('x')] }) }] },
      },
      { namespace: 'next', module: rawModule({ reducers: [reducer('last')] }) },
    ],
  });

  test('follow the root with dotted names and consecutive ids', () => {
    const def = validateModule(module);
    expect(def.reducers.map(({ id, name, sourceName }) => [id, name, sourceName])).toEqual([
      [0, 'aa', 'aa'],
      [1, 'zed', 'zed'],
      [2, 'lib.lib_insert', 'lib.libInsert'],
      [3, 'lib.deep.x', 'lib.deep.x'],
      [4, 'next.last', 'next.last'],
    ]);
    expect(def.views.map(({ id, name, isAnonymous }) => [id, name, isAnonymous])).toEqual([
      [0, 'vv', true],
      [0, 'mine', false],
      [1, 'lib.lib_view', true],
      [1, 'lib.lib_mine', false],
    ]);
    expect(def.tables[0]?.indexes[0]).toMatchObject({
      name: 'lib.lib_table_id_idx_btree',
      sourceName: 'lib.libTable_key_idx_btree',
    });
    expect(def.types.at(-1)).toEqual({ scope: ['lib'], name: 'Kind', sourceName: 'Kind', ref: 4 });
  });

  test('keep their references, in a typespace after that of the root', () => {
    const def = validateModule(module);
    expect(def.typespace).toHaveLength(5);
    expect(def.tables[0]?.rowType).toBe(3);
    expect(def.typespace[3]).toEqual(product({ id: of('u64'), other: ref(4) }));
    expect(def.reducers[2]?.params).toEqual(product({ row: ref(3) }));
    expect(def.procedures[0]?.returns).toEqual(ref(4));
    expect(def.views[3]).toMatchObject({ rowType: 3, returns: option(ref(3)) });
  });
});

describe('the faults of an invalid module are reported', () => {
  const key = keyed('t');
  test.each<[string, Partial<RawModule>, string]>([
    [
      'one name for two tables',
      { tables: [table('aB', 0), table('a_b', 0)] },
      'name `a_b` is used for multiple entities',
    ],
    [
      'a table and a view of one name',
      { tables: [table('adults', 0)], views: [view('adults', array(ref(0)))] },
      'name `adults` is used for multiple entities',
    ],
    [
      'one name for two types',
      { types: [typeDef('Player', 0), typeDef('player', 2), typeDef('Timer', 1)] },
      'name `Player` is used for multiple types',
    ],
    [
      'a reducer and a procedure of one name',
      { reducers: [reducer('doIt')], procedures: [procedure('do_it', unit, unit)] },
      'name `do_it` is used for multiple reducers, procedures and/or views',
    ],
    ['a table of the system', { tables: [table('st_mine', 0)] }, 'table name `st_mine` is reserved for system use'],
    ['a table without a name', { tables: [table('_', 0)] }, 'module contains an invalid identifier: a name is empty'],
    [
      'a row that is no product',
      { tables: [table('t', 2)] },
      'table `t` has type reference 2 as its row, which is no product',
    ],
    [
      'two primary keys',
      { tables: [table('t', 0, { ...key, primaryKey: [0, 1] })] },
      'table `t` has multiple primary key columns',
    ],
    [
      'a primary key that is not unique',
      { tables: [table('t', 0, { ...key, uniques: [] })] },
      'column `t.team_id` is primary key but has no unique constraint',
    ],
    [
      'a constraint without an index',
      { tables: [table('t', 0, { ...key, indexes: [] })] },
      'no index found to support unique constraint `t_team_id_key`',
    ],
    [
      'an index on a column that is not there',
      { tables: [table('t', 0, { indexes: [btree('i', 7)] })] },
      'index `i` of table `t` names columns [7], which are missing or repeated',
    ],
    [
      'an index on a column twice',
      { tables: [table('t', 0, { indexes: [btree('i', 1, 1)] })] },
      'index `i` of table `t` names columns [1, 1], which are missing or repeated',
    ],
    [
      'a direct index on text',
      { tables: [table('t', 0, { indexes: [{ ...btree('i', 1), algorithm: 'direct' }] })] },
      'direct index `t_http_server_idx_direct` does not support the type of column `http_server`',
    ],
    [
      'a sequence of text',
      {
        tables: [
          table('t', 0, {
            sequences: [
              { sourceName: undefined, column: 1, start: undefined, min: undefined, max: undefined, increment: 1n },
            ],
          }),
        ],
      },
      'column `t.http_server` cannot have a sequence, as it is no integer',
    ],
    [
      'a sequence that begins above its end',
      {
        tables: [
          table('t', 0, {
            sequences: [{ sourceName: undefined, column: 0, start: 5n, min: undefined, max: 4n, increment: 1n }],
          }),
        ],
      },
      'sequence `t_team_id_seq` does not have min <= start <= max',
    ],
    [
      'a default that is not of the type',
      { tables: [table('t', 0, { defaults: [{ column: 2, value: Uint8Array.of(1, 2) }] })] },
      'the default value of column `t.level_2` is not of its type: 1 bytes too many',
    ],
    [
      'a scheduled table without a key',
      { tables: [table('myTimer', 1)], schedules: [schedule], reducers: [ring] },
      'scheduled table `my_timer` needs a primary key of type u64 and a ScheduleAt column',
    ],
    [
      'a schedule that runs nothing',
      { tables: [timer], schedules: [schedule] },
      'schedule `my_timer_sched` refers to reducer or procedure `ring_bell`, which does not exist',
    ],
    [
      'a scheduled reducer of another argument',
      { tables: [timer], schedules: [schedule], reducers: [reducer('ringBell', product({ row: ref(0) }))] },
      'scheduled function `ringBell` must take one argument, a row of table `myTimer`',
    ],
    [
      'two schedules of a table',
      { tables: [timer], schedules: [schedule, schedule], reducers: [ring] },
      'table `my_timer` is assigned in multiple schedules',
    ],
    ['a schedule of no table', { schedules: [schedule], reducers: [ring] }, 'table `myTimer` of a schedule not found'],
    [
      'a reducer that returns something',
      { reducers: [reducer('r', unit, { ok: of('u8') })] },
      'reducer `r` has an invalid return type: it returns nothing, or an error that is a string',
    ],
    [
      'a lifecycle without reducer',
      { lifecycles: [{ lifecycle: 'onConnect', functionName: 'gone' }] },
      'lifecycle event onConnect names reducer `gone`, which does not exist',
    ],
    [
      'a lifecycle twice',
      {
        reducers: [reducer('a'), reducer('b')],
        lifecycles: [
          { lifecycle: 'init', functionName: 'a' },
          { lifecycle: 'init', functionName: 'b' },
        ],
      },
      'multiple reducers defined for lifecycle event init',
    ],
    [
      'a view of something else than rows',
      { views: [view('v', array(of('u8')))] },
      'view `v` has an invalid return type: it returns an array or an option of a named product',
    ],
    [
      'a view with a key that is not there',
      { views: [view('v', array(ref(0)))], viewPrimaryKeys: [{ view: 'v', columns: ['nope'] }] },
      'primary key column `nope` of view `v` not found',
    ],
    [
      'a view with a key of two columns',
      { views: [view('v', array(ref(0)))], viewPrimaryKeys: [{ view: 'v', columns: ['teamId', 'level2'] }] },
      'view `v` has multiple primary key columns',
    ],
    [
      'a route without handler',
      { routes: [{ handler: 'h', method: 'GET', path: '/x' }] },
      'HTTP route refers to unknown HTTP handler `h`',
    ],
    [
      'routes that overlap',
      {
        handlers: ['h'],
        routes: [
          { handler: 'h', method: 'GET', path: '/x' },
          { handler: 'h', method: undefined, path: '/x' },
        ],
      },
      'HTTP route duplicates method ANY for path `/x`',
    ],
    [
      'a route with capitals',
      { handlers: ['h'], routes: [{ handler: 'h', method: 'GET', path: '/X' }] },
      'HTTP route path `/X` is invalid: it is empty or starts with /, and has only a-z 0-9 - _ ~ /',
    ],
    ['handlers of one name', { handlers: ['aB', 'a_b'] }, 'HTTP handler name `a_b` is used for multiple HTTP handlers'],
    [
      'a product without a name',
      { reducers: [reducer('r', product({ at: product({ x: of('i8') }) }))] },
      'error at reducer `r` argument 0 (`at`): a product type needs a name of its own here',
    ],
    [
      'a recursive row',
      { typespace: [product({ next: option(ref(0)) }), product({}), sum({})], tables: [table('t', 0)] },
      'the row type of table `t` is recursive',
    ],
    ['a reference to nothing', { reducers: [reducer('r', product({ a: ref(9) }))] }, 'type reference 9 leads nowhere'],
    [
      'a namespace that is too long',
      { submodules: [{ namespace: 'n'.repeat(64), module: rawModule({}) }] },
      `submodule namespace \`${'n'.repeat(64)}\` is longer than 63 bytes`,
    ],
    [
      'a lifecycle in a submodule',
      {
        submodules: [
          {
            namespace: 'lib',
            module: rawModule({
              reducers: [reducer('init')],
              lifecycles: [{ lifecycle: 'init', functionName: 'init' }],
            }),
          },
        ],
      },
      'lifecycle event init is not permitted in submodule `lib`, only in the root module',
    ],
  ])('%s', (_what, parts, fault) => {
    expect(faultsOf(parts)).toContain(fault);
  });

  test('in one error, in a fixed order', () => {
    expect(
      faultsOf({
        tables: [table('st_a', 0), table('b', 0, { primaryKey: [0] })],
        reducers: [reducer('x'), reducer('x')],
        submodules: [{ namespace: '9', module: rawModule({}) }],
      }),
    ).toEqual([
      'column `b.team_id` is primary key but has no unique constraint',
      'module contains an invalid identifier: name `9` does not start with a letter or an underscore',
      'name `x` is used for multiple reducers, procedures and/or views',
      'table name `st_a` is reserved for system use',
    ]);
  });
});

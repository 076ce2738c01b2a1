// Submodules: their functions, tables, views and timers under dotted names.

import { expect, test } from 'vitest';
import { ANN, DatabaseHarness } from './testing/database-harness.ts';

const SOURCE = `
  import { schema, table, t } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  const libTable = table({ public: true }, { key: t.u32().primaryKey(), owner: t.identity().index('btree') });
  const libTimer = table({ public: true, scheduled: (): any => libTick }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const libDb = schema({ libTable, libTimer });
  const libTick = libDb.reducer({ arg: libTimer.rowType }, ctx => { ctx.db.libTable.insert({ key: 99, owner: ctx.sender }); });
  const libInsert = libDb.reducer({ key: t.u32() }, (ctx, { key }) => { ctx.db.libTable.insert({ key, owner: ctx.sender }); });
  const libLater = libDb.reducer(ctx => {
    ctx.db.libTimer.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + 1000n) });
  });
  const libCount = libDb.procedure(t.u64(), ctx => ctx.withTx(tx => tx.db.libTable.count()));
  const libMine = libDb.view({ public: true }, t.array(libTable.rowType), ctx => [...ctx.db.libTable.owner.filter(ctx.sender)]);
  const libQuery = libDb.anonymousView({ public: true }, t.array(libTable.rowType), ctx => ctx.from.libTable.where(r => r.key.gt(5)));
  const lib = { default: libDb, libTick, libInsert, libLater, libCount, libMine, libQuery };

  const own = table({ public: true }, { id: t.u32().primaryKey() });
  const db = schema({ own, lib });
  export default db;
  export const add = db.reducer({ id: t.u32() }, (ctx, row) => {
    ctx.db.own.insert(row);
    ctx.db.lib.libTable.insert({ key: row.id + 100, owner: ctx.sender });
  });
  export const ownView = db.anonymousView({ public: true }, t.array(own.rowType), ctx => ctx.from.own);
`;

test('all parts of a submodule have dotted names', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  for (const view of ['lib.lib_mine', 'lib.lib_query', 'own_view']) db.database.retainView(db.view(view));

  expect(db.call('add', [1]).kind).toBe('committed');
  expect(db.call('lib.lib_insert', [3]).kind).toBe('committed');
  expect(db.call('lib_insert', [4]).kind).toBe('no-such-reducer');

  const rows = [
    [101, [ANN.identity]],
    [3, [ANN.identity]],
  ];
  expect(db.rows('lib.lib_table')).toEqual(rows);
  expect(db.viewRows('lib.lib_mine')).toEqual(rows);
  expect(db.viewRows('lib.lib_query')).toEqual([rows[0]]);
  expect(db.viewRows('own_view')).toEqual([[1]]);
  expect(db.value('lib.lib_count')).toBe(2n);
});

test('timers of a submodule run its reducers', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('lib.lib_later');
  db.world.advance(1);
  expect(db.rows('lib.lib_table')).toEqual([[99, [db.database.identity]]]);
  expect(db.rows('lib.lib_timer')).toEqual([]);
});

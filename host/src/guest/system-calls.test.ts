// System calls of a module, through the real library and directly.

import { describe, expect, test } from 'vitest';
import { DatabaseHarness } from '../database/testing/database-harness.ts';

const HEAD = `
  import * as sys from 'spacetime:sys@2.0';
  import { schema, table, t, SenderError, Range } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  declare const console: { log(text: string): void };
  const item = table(
    { public: true, indexes: [
      { accessor: 'byHash', algorithm: 'hash', columns: ['kind'] },
      { accessor: 'byBoth', algorithm: 'btree', columns: ['kind', 'size'] },
    ] },
    { id: t.u32().primaryKey(), name: t.string().unique(), kind: t.u32(), size: t.i32() }
  );
  const bag = table({ public: true }, { n: t.u32(), text: t.string() });
  const numbered = table({ public: true }, { id: t.u64().primaryKey().autoInc(), small: t.u8().autoInc().unique(), text: t.string() });
  const timer = table({ public: true, scheduled: (): any => ring }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt(), label: t.string() });
  const db = schema({ item, bag, numbered, timer });
  export default db;
  export const ring = db.reducer({ arg: timer.rowType }, () => {});
  const failure = (run: () => unknown) => {
    try { run(); return 'no error'; } catch (error: any) { return error.constructor.name + ': ' + error.message; }
  };
`;

/** Runs one reducer and returns what it logged. */
async function said(body: string): Promise<string[]> {
  await using db = await DatabaseHarness.open(`${HEAD} export const probe = db.reducer((ctx: any) => { ${body} });`);
  const outcome = db.call('probe');
  const lines = db.logged().map(({ message }) => message);
  expect([outcome.kind, lines.at(-1)]).toEqual(['committed', lines.at(-1)]);
  return lines;
}

describe('every numbered error', () => {
  const cases: [errno: string, run: string, expected: string][] = [
    ['4 no such table', `sys.table_id_from_name('nothing')`, 'NoSuchTable: No such table'],
    ['4 no such table id', `sys.datastore_table_row_count(1)`, 'NoSuchTable: No such table'],
    ['5 no such index', `sys.index_id_from_name('nothing')`, 'NoSuchIndex: No such index'],
    [
      '6 no such iterator',
      `sys.row_iter_bsatn_advance(99, new ArrayBuffer(8))`,
      'NoSuchIter: The provided row iterator is not valid',
    ],
    [
      '6 closed twice',
      `const i = sys.datastore_table_scan_bsatn(sys.table_id_from_name('bag')); sys.row_iter_bsatn_close(i); sys.row_iter_bsatn_close(i)`,
      'NoSuchIter: The provided row iterator is not valid',
    ],
    ['7 no such timer', `sys.console_timer_end(99)`, 'NoSuchConsoleTimer: The provided console timer does not exist'],
    [
      '10 a range over a hash index',
      `sys.datastore_index_scan_range_bsatn(sys.index_id_from_name('item_kind_idx_hash'), new ArrayBuffer(8), 0, 0, 5, 0)`,
      'SpacetimeHostError: The Index does not support range scans',
    ],
    [
      '3 an invalid bound',
      `sys.datastore_index_scan_range_bsatn(sys.index_id_from_name('item_kind_size_idx_btree'), new Uint8Array([7, 1]).buffer, 0, 0, 2, 0)`,
      'BsatnDecodeError: the bound of a range has an unknown tag',
    ],
    [
      '3 a bound cut short',
      `sys.datastore_index_scan_range_bsatn(sys.index_id_from_name('item_kind_size_idx_btree'), new Uint8Array([0, 1]).buffer, 0, 0, 2, 0)`,
      "BsatnDecodeError: Couldn't decode the BSATN to the expected type",
    ],
    [
      '12 unique',
      `ctx.db.item.insert({ id: 1, name: 'other', kind: 1, size: 1 })`,
      'UniqueAlreadyExists: Value with given unique identifier already exists',
    ],
    [
      '12 unique by update',
      `ctx.db.item.insert({ id: 2, name: 'two', kind: 1, size: 1 }); ctx.db.item.id.update({ id: 2, name: 'one', kind: 1, size: 1 })`,
      'UniqueAlreadyExists: Value with given unique identifier already exists',
    ],
    [
      '13 too far',
      `ctx.db.timer.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + 64n ** 6n * 1000n), label: '' })`,
      'ScheduleAtDelayTooLong: Specified delay in scheduling row was too long',
    ],
    [
      '13 an interval too long',
      `ctx.db.timer.insert({ id: 0n, at: ScheduleAt.interval(64n ** 6n * 1000n), label: '' })`,
      'ScheduleAtDelayTooLong: Specified delay in scheduling row was too long',
    ],
    [
      '14 not unique',
      `sys.datastore_update_bsatn(sys.table_id_from_name('item'), sys.index_id_from_name('item_kind_size_idx_btree'), new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).buffer, 16)`,
      'IndexNotUnique: The index was not unique',
    ],
    [
      '15 no such row',
      `ctx.db.item.id.update({ id: 9, name: 'nine', kind: 1, size: 1 })`,
      'NoSuchRow: The row was not found, e.g., in an update call',
    ],
    [
      '17 a transaction in a reducer',
      `sys.procedure_start_mut_tx()`,
      'WouldBlockTransaction: Attempted async or blocking op while holding open a transaction',
    ],
    [
      '17 a request in a reducer',
      `sys.procedure_http_request(new Uint8Array(1), '')`,
      'WouldBlockTransaction: Attempted async or blocking op while holding open a transaction',
    ],
    [
      '18 commit in a reducer',
      `sys.procedure_commit_mut_tx()`,
      'TransactionNotAnonymous: Not in an anonymous transaction. Called by a reducer?',
    ],
    [
      '18 abort in a reducer',
      `sys.procedure_abort_mut_tx()`,
      'TransactionNotAnonymous: Not in an anonymous transaction. Called by a reducer?',
    ],
    [
      'a length beyond the buffer',
      `sys.datastore_insert_bsatn(sys.table_id_from_name('item'), new ArrayBuffer(4), 5)`,
      'RangeError: length argument was out of bounds for \`ArrayBuffer\`',
    ],
    ['a wrong type', `sys.table_id_from_name(5 as any)`, 'TypeError: a string is expected'],
  ];
  test.each(cases)('%s', async (_name, run, expected) => {
    const lines = await said(`
      ctx.db.item.insert({ id: 1, name: 'one', kind: 1, size: 1 });
      console.log(failure(() => { ${run} }));`);
    expect(lines).toEqual([expected]);
  });

  test('1 while the module loads', async () => {
    await using db = await DatabaseHarness.open(`${HEAD}
      const early = failure(() => sys.table_id_from_name('item'));
      export const probe = db.reducer(() => console.log(early));`);
    db.call('probe');
    expect(db.logged().at(-1)?.message).toBe('Error: cannot call this function during module initialization');
  });

  test('2 in a procedure without a transaction', async () => {
    await using db = await DatabaseHarness.open(`${HEAD}
      export const probe = db.procedure(t.string(), () => failure(() => sys.table_id_from_name('item')));`);
    expect(db.value('probe')).toBe('NotInTransaction: ABI call can only be made while in a transaction');
  });

  test('19 in a view', async () => {
    await using db = await DatabaseHarness.open(`${HEAD}
      export const probe = db.anonymousView({ public: true }, t.array(item.rowType), (ctx: any) => {
        console.log(failure(() => ctx.db.item.clear()));
        return [];
      });`);
    db.view('probe');
    expect(db.logged().at(-1)?.message).toBe(
      'TransactionIsReadOnly: ABI call can only be made while within a mutable transaction',
    );
  });
});

describe('iterators', () => {
  test('return rows of every size through the library’s buffers', async () => {
    const lines = await said(`
      const sizes = [0, 1, 65_520, 65_527, 65_528, 65_529, 70_000, 200_000, 3];
      sizes.forEach((size, n) => ctx.db.bag.insert({ n, text: 'x'.repeat(size) }));
      console.log(JSON.stringify([...ctx.db.bag.iter()].sort((a, b) => a.n - b.n).map(row => row.text.length)));
      console.log([...ctx.db.bag.iter()].length + ' again');`);
    expect(lines).toEqual([JSON.stringify([0, 1, 65_520, 65_527, 65_528, 65_529, 70_000, 200_000, 3]), '9 again']);
  });

  test('report the required size of the buffer, and keep the row', async () => {
    const lines = await said(`
      ctx.db.bag.insert({ n: 1, text: 'abcdef' });
      const iterator = sys.datastore_table_scan_bsatn(sys.table_id_from_name('bag'));
      try { sys.row_iter_bsatn_advance(iterator, new ArrayBuffer(5)); } catch (error: any) { console.log(JSON.stringify(error)); }
      const buffer = new ArrayBuffer(14);
      console.log(String(sys.row_iter_bsatn_advance(iterator, buffer)));
      console.log(failure(() => sys.row_iter_bsatn_advance(iterator, buffer)));
      const empty = sys.datastore_index_scan_point_bsatn(sys.index_id_from_name('item_id_idx_btree'), new ArrayBuffer(4), 4);
      console.log(String(sys.row_iter_bsatn_advance(empty, buffer) === 0));`);
    expect(lines).toEqual([
      '{"__buffer_too_small__":14}',
      '-14',
      'NoSuchIter: The provided row iterator is not valid',
      'true',
    ]);
  });

  test('return the rows as of the beginning of the scan', async () => {
    const lines = await said(`
      for (let id = 1; id <= 20; id++) ctx.db.item.insert({ id, name: 'n' + id, kind: id % 2, size: id });
      let seen = 0;
      for (const row of ctx.db.item.iter()) { ctx.db.item.id.delete(row.id); seen++; }
      console.log(seen + ' seen, ' + ctx.db.item.count() + ' left');
      for (let id = 1; id <= 20; id++) ctx.db.item.insert({ id, name: 'n' + id, kind: id % 2, size: id });
      seen = 0;
      for (const row of ctx.db.item.byHash.filter(1)) { ctx.db.item.id.update({ ...row, kind: 0 }); seen++; }
      console.log(seen + ' seen, ' + [...ctx.db.item.byHash.filter(1)].length + ' left');
      for (const row of ctx.db.item.iter()) break;
      ctx.db.item.clear();`);
    expect(lines).toEqual(['20 seen, 0 left', '10 seen, 0 left']);
  });

  test('that are left open end with the call', async () => {
    await using db = await DatabaseHarness.open(`${HEAD}
      let kept = 0;
      export const open = db.reducer((ctx: any) => {
        ctx.db.bag.insert({ n: 1, text: 'a' });
        for (let i = 0; i < 50; i++) kept = sys.datastore_table_scan_bsatn(sys.table_id_from_name('bag'));
        console.log('handle ' + kept);
      });
      export const late = db.reducer(() => console.log(failure(() => sys.row_iter_bsatn_advance(kept, new ArrayBuffer(8)))));`);
    db.call('open');
    db.call('open');
    db.call('late');
    expect(db.logged().map(({ message }) => message)).toEqual([
      'handle 50',
      expect.stringMatching(/^handle ([1-9]|[1-4]\d|50)$/) as string,
      'NoSuchIter: The provided row iterator is not valid',
    ]);
  });
});

describe('rows', () => {
  test('receive their generated columns, and only those', async () => {
    const lines = await said(`
      const show = (row: any) => console.log([row.id, row.small, row.text].join(' '));
      show(ctx.db.numbered.insert({ id: 0n, small: 0, text: 'both' }));
      show(ctx.db.numbered.insert({ id: 0n, small: 77, text: 'id' }));
      show(ctx.db.numbered.insert({ id: 50n, small: 0, text: 'small' }));
      show(ctx.db.numbered.insert({ id: 60n, small: 99, text: 'none' }));
      show(ctx.db.numbered.id.update({ id: 60n, small: 0, text: 'by update' }));`);
    expect(lines).toEqual(['1 1 both', '2 77 id', '50 2 small', '60 99 none', '60 3 by update']);
  });

  test('are found and deleted by keys, prefixes, ranges and as a whole', async () => {
    const lines = await said(`
      const inc = (value: number) => ({ tag: 'included', value }) as const;
      for (let id = 1; id <= 12; id++) ctx.db.item.insert({ id, name: 'n' + id, kind: id % 3, size: id - 6 });
      const ids = (rows: Iterable<any>) => console.log([...rows].map(row => row.id).sort((a, b) => a - b).join(' '));
      ids(ctx.db.item.byBoth.filter(1));
      ids(ctx.db.item.byBoth.filter([1, 1]));
      ids(ctx.db.item.byBoth.filter([1, new Range(inc(-2), inc(4))]));
      console.log(String(ctx.db.item.byBoth.delete([1, new Range(inc(-2), inc(4))])));
      console.log(String(ctx.db.item.byHash.delete(2)));
      console.log(String(ctx.db.item.name.delete('n3')) + ctx.db.item.name.delete('n3'));
      console.log(String(ctx.db.item.delete({ id: 6, name: 'n6', kind: 0, size: 0 })) + ctx.db.item.delete({ id: 9, name: 'x', kind: 0, size: 3 }));
      ids(ctx.db.item.iter());
      console.log(String(ctx.db.item.clear()) + ' ' + ctx.db.item.count());`);
    expect(lines).toEqual(['1 4 7 10', '7', '4 7 10', '3', '4', 'truefalse', 'truefalse', '1 9 12', '3 0']);
  });

  test('any text survives a round trip', async () => {
    const lines = await said(`
      const texts = ['', 'plain', 'é', '漢字', '😀'.repeat(3000), 'x'.repeat(40) + 'é', '\\u0000\\u007f', 'a'.repeat(20_000), '\\ufeffbom', 'é'.repeat(5400)];
      texts.forEach((text, n) => ctx.db.bag.insert({ n, text }));
      for (const row of ctx.db.bag.iter()) if (row.text !== texts[row.n]) console.log('text ' + row.n + ' differs');
      ctx.db.bag.insert({ n: 100, text: 'lone \\ud800 surrogate' });
      for (const row of ctx.db.bag.iter()) if (row.n === 100) console.log(row.text);
      console.log(String(new TextEncoder().encode('é').length) + new TextDecoder().decode(new Uint8Array([0xc3, 0x28])));
      console.log(failure(() => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xc3, 0x28]))));
      console.log(failure(() => new TextDecoder('latin1' as any)));`);
    expect(lines).toEqual([
      'lone \ufffd surrogate',
      '2\ufffd(',
      'TypeError: The encoded data was not valid for encoding utf-8',
      'RangeError: The "latin1" encoding is not supported by TextDecoder',
    ]);
  });
});

describe('a call that fails', () => {
  const SOURCE = `${HEAD}
    export const fill = db.reducer((ctx: any) => {
      for (let id = 1; id <= 5; id++) ctx.db.item.insert({ id, name: 'n' + id, kind: 1, size: id });
    });
    const change = (ctx: any) => {
      ctx.db.item.insert({ id: 9, name: 'n9', kind: 1, size: 9 });
      ctx.db.item.id.delete(1);
      ctx.db.item.id.update({ id: 2, name: 'renamed', kind: 7, size: 0 });
      ctx.db.numbered.insert({ id: 0n, small: 0, text: 'x' });
    };
    export const refuse = db.reducer((ctx: any) => { change(ctx); throw new SenderError('no'); });
    export const crash = db.reducer((ctx: any) => { change(ctx); null!.x; });
    export const swallow = db.reducer((ctx: any) => {
      change(ctx);
      try { sys.datastore_insert_bsatn(sys.table_id_from_name('item'), new ArrayBuffer(3), 3); } catch {}
    });
    export const draw = db.reducer((ctx: any) => console.log(String(ctx.db.numbered.insert({ id: 0n, small: 0, text: 'y' }).id)));`;

  test.each([
    ['refuse', 'failed', 'no'],
    ['crash', 'internal', 'The instance encountered a fatal error.'],
    ['swallow', 'internal', 'The instance encountered a fatal error.'],
  ])('by %s leaves nothing behind but a drawn sequence value', async (name, kind, message) => {
    await using db = await DatabaseHarness.open(SOURCE);
    db.call('fill');
    const before = db.rows('item');

    expect(db.call(name)).toMatchObject({ kind, message });

    expect(db.rows('item')).toEqual(before);
    expect(db.rows('numbered')).toEqual([]);
    db.call('draw');
    expect(db.logged().at(-1)?.message).toBe('2');
  });

  test('because the stack ended in the middle of a write leaves the tables whole', async () => {
    await using db = await DatabaseHarness.open(`${HEAD}
      let next = 1;
      export const deep = db.reducer({ filler: t.u32() }, (ctx: any, { filler }: any) => {
        const down = (...rest: number[]): void => {
          const id = next++;
          ctx.db.item.insert({ id, name: 'n' + id, kind: id % 5, size: id });
          if (id % 3 === 0) ctx.db.item.id.update({ id, name: 'm' + id, kind: id % 7, size: -id });
          if (id % 4 === 0) ctx.db.item.id.delete(id - 1);
          down(...rest);
        };
        try { down(...new Array(filler).fill(0)); } catch {}
      });`);
    for (let filler = 0; filler < 12; filler++) db.call('deep', [filler]);

    const table = db.database.datastore.tableByName('item');
    const rows = [...(table?.rows() ?? [])];
    expect(rows.length).toBeGreaterThan(1000);
    for (const index of table?.indexes ?? []) {
      const keys = new Set(rows.map(row => index.keyOf(row.bytes)));
      const found = new Set([...keys].flatMap(key => index.point(key)));
      expect([index.def.name, found.size]).toEqual([index.def.name, rows.length]);
    }
  });
});

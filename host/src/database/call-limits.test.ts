// A module that runs too long or uses too much memory is stopped and rolled back; the database continues.

import { describe, expect, test } from 'vitest';
import type { CallLimits } from '../guest/watchdog.ts';
import { ANN, DatabaseHarness } from './testing/database-harness.ts';

const MODULE = `
import { schema, table, t, Router } from 'spacetimedb/server';

const item = table({ public: true }, { id: t.u32().primaryKey(), n: t.u32() });
const spacetimedb = schema({ item });
export default spacetimedb;

let calls = 0;
const forever = () => { for (;;); };

export const set = spacetimedb.reducer({ id: t.u32(), n: t.u32() }, (ctx, { id, n }) => {
  const before = ctx.db.item.id.find(id);
  if (before) ctx.db.item.id.update({ id, n });
  else ctx.db.item.insert({ id, n });
});
export const loop = spacetimedb.reducer({}, ctx => {
  ctx.db.item.insert({ id: 100, n: 1 });
  forever();
});
export const stubborn = spacetimedb.reducer({}, () => {
  for (;;) try { forever(); } catch {} finally { forever(); }
});
export const expression = spacetimedb.reducer({}, () => { /^(a+)+$/.test('a'.repeat(40) + 'b'); });
export const write_on = spacetimedb.reducer({}, ctx => {
  for (let n = 0; ; n++) { ctx.db.item.insert({ id: 200, n }); ctx.db.item.id.delete(200); }
});
export const hoard = spacetimedb.reducer({}, ctx => {
  ctx.db.item.insert({ id: 101, n: 1 });
  const kept = [];
  for (;;) kept.push({ n: kept.length });
});
export const hoard_buffers = spacetimedb.reducer({}, () => {
  const kept = [];
  for (;;) kept.push(new Uint8Array(1_000_000).fill(kept.length));
});
export const count = spacetimedb.procedure(t.u32(), () => ++calls);
export const loop_in_procedure = spacetimedb.procedure(t.u32(), ctx => {
  ctx.withTx(tx => { tx.db.item.insert({ id: 102, n: 1 }); });
  ctx.withTx(tx => { tx.db.item.insert({ id: 103, n: 1 }); forever(); });
  return 1;
});
export const moody = spacetimedb.anonymousView({ public: true }, t.array(item.rowType), ctx => {
  const item = ctx.db.item.id.find(1);
  if (item && item.n === 13) forever();
  return item ? [item] : [];
});
export const answer = spacetimedb.httpHandler(() => { forever(); });
export const router = spacetimedb.httpRouter(new Router().get('/answer', answer));
`;

const LIMITS: CallLimits = { callMs: 100, callBytes: 128 * 1024 * 1024 };

const open = () => DatabaseHarness.open(MODULE, { callLimits: LIMITS });

describe('a reducer that does not end', () => {
  test.each(['loop', 'stubborn', 'expression', 'write_on'])('%s is stopped and rolled back', async name => {
    await using db = await open();
    db.call('set', [1, 1]);

    expect(db.call(name)).toMatchObject({ kind: 'internal', message: 'The instance encountered a fatal error.' });

    expect(db.rows('item')).toEqual([[1, 1]]);
    expect(db.logged().at(-1)).toMatchObject({
      level: 'Panic',
      function: name,
      message: 'Uncaught Error: the module was stopped: it ran for more than 100 ms',
    });
    expect(db.call('set', [1, 2]).kind).toBe('committed');
    expect(db.rows('item')).toEqual([[1, 2]]);
  });

  test.each(['hoard', 'hoard_buffers'])('%s, which fills the memory, is stopped too', async name => {
    await using db = await DatabaseHarness.open(MODULE, { callLimits: { ...LIMITS, callMs: 60_000 } });

    expect(db.call(name).kind).toBe('internal');

    expect(db.rows('item')).toEqual([]);
    expect(db.logged().at(-1)?.message).toContain('it took more than 134217728 bytes of memory');
    expect(db.call('set', [1, 1]).kind).toBe('committed');
  });

  test('the module continues with new globals, as on SpacetimeDB', async () => {
    await using db = await open();
    expect([db.value('count'), db.value('count')]).toEqual([1, 2]);
    db.call('loop');
    expect(db.value('count')).toBe(1);
  });
});

test('a stopped procedure keeps its commits, and its open transaction is rolled back', async () => {
  await using db = await open();
  expect(db.procedure('loop_in_procedure')).toMatchObject({ kind: 'internal-error' });
  expect(db.rows('item')).toEqual([[102, 1]]);
  expect(db.call('set', [1, 1]).kind).toBe('committed');
});

test('a view that does not end rolls back the write that triggered it', async () => {
  await using db = await open();
  db.call('set', [1, 1]);
  db.database.retainView(db.view('moody'));

  expect(db.call('set', [1, 13]).kind).toBe('internal');

  expect(db.rows('item')).toEqual([[1, 1]]);
  expect(db.viewRows('moody')).toEqual([[1, 1]]);
  expect(db.call('set', [1, 2]).kind).toBe('committed');
  expect(db.viewRows('moody')).toEqual([[1, 2]]);
});

test.each([
  ['alone', false],
  ['under the guard of a turn', true],
])('a view that never ends is set aside after three stops, and later writes succeed: %s', async (_name, isCovered) => {
  await using db = await open();
  db.call('set', [1, 1]);
  db.database.retainView(db.view('moody'));
  const set = (id: number, n: number) => {
    if (!isCovered) return db.call('set', [id, n]).kind;
    const args = new Uint8Array(Uint32Array.of(id, n).buffer);
    let kind: string | undefined;
    db.database.cover(
      () => {
        kind ??= db.database.callCovered('set', args, ANN).kind;
      },
      outcome => (kind = outcome.kind),
    );
    return kind;
  };
  expect([set(1, 13), set(1, 13), set(1, 13)]).toEqual(['internal', 'internal', 'internal']);
  const startedAt = performance.now();
  expect([set(1, 13), set(1, 14), set(2, 1)]).toEqual(['committed', 'committed', 'committed']);
  expect(performance.now() - startedAt).toBeLessThan(LIMITS.callMs);
  expect(db.viewRows('moody')).toEqual([]);
  expect(db.database.log.lines().join('\n')).toContain('the view moody failed: set aside after 3 stopped computations');
});

test('a handler that does not end is answered with 500', async () => {
  await using db = await open();
  const answer = db.database.handleHttp('GET', '/answer', 'http://host/answer', {}, new Uint8Array());
  expect(answer.status).toBe(500);
  expect(new TextDecoder().decode(answer.body)).toContain('it ran for more than 100 ms');
});

test('among many calls under one guard only the long one is stopped', async () => {
  await using db = await open();
  const { database } = db;
  const todo = ['count_up', 'loop', 'count_up', 'write_on', 'count_up'];
  const caller = { identity: 1n, connectionId: 2n, claims: undefined };
  const args = { count_up: Uint8Array.of(7, 0, 0, 0, 1, 0, 0, 0), loop: new Uint8Array(), write_on: new Uint8Array() };
  const ended: string[] = [];
  database.cover(
    () => {
      for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
        const bytes = args[name as keyof typeof args];
        ended.push(database.callCovered(name === 'count_up' ? 'set' : name, bytes, caller).kind);
      }
    },
    outcome => ended.push(outcome.kind),
  );
  expect(ended).toEqual(['committed', 'internal', 'committed', 'internal', 'committed']);
  expect(db.rows('item')).toEqual([[7, 1]]);
});

test('a bundle that does not finish loading is refused', async () => {
  await expect(DatabaseHarness.open('for (;;);', { callLimits: LIMITS })).rejects.toMatchObject({
    code: 'guest/invalid',
    message: 'Uncaught Error: the module was stopped: it ran for more than 100 ms',
  });
});

// A module in a process of its own: it works as in the host, and costs only its own database when it fails.

import { describe, expect, test } from 'vitest';
import { DatabaseHarness } from '../../database/testing/database-harness.ts';
import type { HostSide } from '../host-side.ts';
import { IsolatedRealm } from './isolated-realm.ts';

const MEBIBYTE = 1024 * 1024;
const ISOLATED = { isolatedBytes: 256 * MEBIBYTE, callLimits: { callMs: 20_000, callBytes: Infinity } };
/** For code that never ends. */
const SHORT = { ...ISOLATED, callLimits: { callMs: 1_000, callBytes: Infinity } };

const SOURCE = `
  import { schema, table, t, SenderError } from 'spacetimedb/server';
  declare const console: { log(text: string): void };
  const item = table({ public: true }, { id: t.u32().primaryKey().autoInc(), text: t.string() });
  const db = schema({ item });
  export default db;
  let calls = 0;
  export const add = db.reducer({ text: t.string() }, (ctx, { text }) => {
    ctx.db.item.insert({ id: 0, text });
    console.log('added ' + text);
  });
  export const rename = db.reducer({ id: t.u32(), text: t.string() }, (ctx, row) => {
    if (!ctx.db.item.id.find(row.id)) throw new SenderError('there is no such item');
    ctx.db.item.id.update(row);
  });
  export const twice = db.reducer(ctx => {
    ctx.db.item.insert({ id: 7, text: 'a' });
    try { ctx.db.item.insert({ id: 7, text: 'b' }); } catch (error: any) { console.log(error.constructor.name); }
  });
  export const clear = db.reducer(ctx => { for (const { id } of [...ctx.db.item.iter()]) ctx.db.item.id.delete(id); });
  export const large = db.anonymousView({ public: true }, t.array(item.rowType), ctx => [...ctx.db.item.iter()].filter(row => row.text.length > 3));
  export const count = db.procedure(t.u32(), ctx => {
    ctx.withTx(tx => { tx.db.item.insert({ id: 0, text: 'from a procedure' }); });
    return ++calls;
  });
  export const loop = db.reducer(ctx => { ctx.db.item.insert({ id: 0, text: 'lost' }); for (;;); });
  export const hoard = db.reducer(() => { const kept = []; for (;;) kept.push(new Uint8Array(1_000_000).fill(1)); });
  export const pile = db.reducer(() => { const kept: unknown[] = []; for (;;) kept.push({ n: kept.length }); });
`;

const open = (options = ISOLATED) => DatabaseHarness.open(SOURCE, options);

describe('an isolated module', () => {
  test('reads and writes rows, refuses, logs, and refreshes views', async () => {
    await using db = await open();
    expect(db.call('add', ['one']).kind).toBe('committed');
    expect(db.viewRows('large')).toEqual([]);
    expect(db.call('add', ['x'.repeat(200_000)]).kind).toBe('committed');
    expect(db.viewRows('large')).toHaveLength(1);
    expect(db.call('rename', [1, 'renamed']).kind).toBe('committed');
    expect(db.viewRows('large')).toHaveLength(2);
    expect(db.call('rename', [9, 'none'])).toMatchObject({ kind: 'failed', message: 'there is no such item' });
    expect(db.call('twice').kind).toBe('committed');
    expect(
      db
        .logged()
        .map(({ message }) => message.slice(0, 30))
        .at(-1),
    ).toBe('UniqueAlreadyExists');
    expect(db.logged()[0]).toMatchObject({
      message: 'added one',
      function: 'add',
      line_number: expect.any(Number) as number,
    });
    expect(db.value('count')).toBe(1);
    expect(db.value('count')).toBe(2);
    expect(db.call('clear').kind).toBe('committed');
    expect(db.rows('item')).toEqual([]);
  });

  test.each([
    ['loop', 'it ran for more than 1000 ms'],
    ['hoard', 'it took more than 268435456 bytes of memory'],
    ['pile', 'the module was stopped: it'],
  ])('that does not end in %s is ended, rolled back and started again', async (name, reason) => {
    await using db = await open(name === 'loop' ? SHORT : ISOLATED);
    db.call('add', ['kept']);
    expect(db.value('count')).toBe(1);
    expect(db.call(name).kind).toBe('internal');
    expect(db.logged().at(-1)?.message).toContain(reason);
    // Globals are initialised again.
    expect(db.value('count')).toBe(1);
    expect(db.rows('item')).toHaveLength(3);
  });
});

test('code that has left its realm finds no files, processes, threads, addons, inspector or environment', () => {
  const thrown: string[] = [];
  const host = { result: () => 0, secondResult: () => 0, threw: (message: string) => thrown.push(message) };
  const escape = `(function (host) {
    const process = host.log.constructor('return process')();
    const attempts = {
      read: () => process.getBuiltinModule('fs').readFileSync('/etc/passwd'),
      list: () => process.getBuiltinModule('fs').readdirSync('/'),
      write: () => process.getBuiltinModule('fs').writeFileSync('/tmp/agora-escaped', ''),
      spawn: () => process.getBuiltinModule('child_process').execSync('true'),
      thread: () => new (process.getBuiltinModule('worker_threads').Worker)('1', { eval: true }),
      addon: () => process.dlopen({ exports: {} }, '/lib/any.node'),
      inspector: () => process.getBuiltinModule('inspector').open(0),
    };
    const seen = { environment: Object.keys(process.env).length };
    for (const [name, attempt] of Object.entries(attempts)) {
      try { attempt(); seen[name] = 'allowed'; } catch (error) { seen[name] = error.code ?? error.message; }
    }
    host.threw(JSON.stringify(seen), '', '');
    return { load: () => 0 };
  })`;
  const realm = new IsolatedRealm(host as unknown as HostSide, {
    memoryBytes: 256 * MEBIBYTE,
    limits: ISOLATED.callLimits,
  });
  try {
    expect(realm.load(escape, '0', false)).toBe(0);
    const denied = 'ERR_ACCESS_DENIED';
    expect(JSON.parse(thrown[0] ?? '')).toEqual({
      environment: 0,
      read: denied,
      list: denied,
      write: denied,
      spawn: denied,
      thread: denied,
      addon: expect.stringMatching(/DENIED|DLOPEN_DISABLED/) as string,
      inspector: denied,
    });
  } finally {
    realm.close();
  }
});

// A database from its first publish to its restart: calls, clients, procedures, handlers, and module updates.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ANN, BEN, bytesOf, DATABASE_IDENTITY, OWNER, DatabaseHarness } from './database/testing/database-harness.ts';
import { TestWorld } from './testing/test-world.ts';
import type { Commit } from './datastore/commit.ts';
import type { Caller, UpdateOutcome } from './database.ts';
import { runStatement } from './query/statement.ts';
import { openDataFolder } from './storage/lmdb-folder.ts';
import type { Storage } from './storage/storage.ts';

const SOURCE = `
  import { schema, table, t, SenderError, Router, SyncResponse } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  declare const console: { log(text: string): void };
  const note = table({ public: true }, { id: t.u64().primaryKey().autoInc(), what: t.string() });
  const gate = table({}, { id: t.u32().primaryKey(), rule: t.string() });
  const timer = table({ public: true, scheduled: (): any => tick }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const db = schema({ note, gate, timer });
  export default db;
  const say = (ctx: any, what: string) => ctx.db.note.insert({ id: 0n, what });
  const rule = (ctx: any) => ctx.db.gate.id.find(1)?.rule;
  const caller = (ctx: any) => [ctx.sender.toHexString().slice(-3), ctx.connectionId?.toHexString().slice(-2) ?? 'none', ctx.senderAuth.jwt?.subject ?? 'no token'].join(' ');

  export const init = db.init(ctx => { say(ctx, 'init ' + caller(ctx)); });
  export const onConnect = db.clientConnected(ctx => {
    if (rule(ctx) === 'closed') throw new SenderError('not today');
    if (rule(ctx) === 'broken') throw new Error('limiter broke');
    if (rule(ctx) === 'noted') say(ctx, 'came ' + caller(ctx));
  });
  export const onDisconnect = db.clientDisconnected(ctx => {
    if (rule(ctx) === 'broken') throw new Error('limiter broke');
    if (rule(ctx) === 'noted') say(ctx, 'left ' + caller(ctx));
  });
  export const setRule = db.reducer({ rule: t.string() }, (ctx, { rule }) => {
    ctx.db.gate.id.delete(1);
    ctx.db.gate.insert({ id: 1, rule });
  });
  export const addNote = db.reducer({ what: t.string() }, (ctx, { what }) => { say(ctx, what); });
  export const when = db.reducer(ctx => { say(ctx, String(ctx.timestamp.microsSinceUnixEpoch)); });
  export const tick = db.reducer({ arg: timer.rowType }, ctx => { say(ctx, 'tick'); });
  export const later = db.reducer({ ms: t.i64() }, (ctx, { ms }) => {
    ctx.db.timer.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + ms * 1000n) });
  });

  export const twice = db.procedure({ what: t.string() }, t.string(), (ctx, { what }) => {
    const seen = ctx.withTx(tx => { say(tx, what + ' 1'); return tx.db.note.count(); });
    ctx.withTx(tx => say(tx, what + ' 2'));
    return 'saw ' + seen + ' as ' + caller({ ...ctx, sender: ctx.sender, connectionId: ctx.connectionId, senderAuth: {} });
  });
  export const abort = db.procedure(t.string(), ctx => {
    try { ctx.withTx(tx => { say(tx, 'must not stay'); throw new Error('aborted'); }); } catch (error: any) { return error.message; }
    return '';
  });
  export const nest = db.procedure(t.string(), ctx =>
    ctx.withTx(tx => {
      try { return String(ctx.withTx(() => 1)); } catch (error: any) { say(tx, 'outer'); return error.constructor.name; }
    })
  );
  export const fetchInside = db.procedure(t.string(), ctx =>
    ctx.withTx(() => { try { ctx.http.fetch('http://example.com/'); return ''; } catch (error: any) { return error.constructor.name; } })
  );
  export const breakView = db.procedure(t.string(), ctx => {
    try { ctx.withTx(tx => { say(tx, 'boom'); }); return 'committed'; } catch (error: any) { return error.message; }
  });
  export const fail = db.procedure(t.unit(), () => { throw new Error('procedure broke'); });
  export const fussy = db.anonymousView({ public: true }, t.array(note.rowType), ctx => {
    for (const row of (ctx.db.note as any).iter()) if (row.what === 'boom') throw new Error('view broke');
    return [];
  });

  export const hello = db.httpHandler(() => new SyncResponse('hello'));
  export const echo = db.httpHandler((ctx, req) => {
    ctx.withTx(tx => say(tx, 'handled'));
    return new SyncResponse(req.method + ' ' + req.url + ' ' + req.headers.get('x-ask') + ' ' + req.text(), { status: 201, headers: { 'x-echo': 'é' } });
  });
  export const cookies = db.httpHandler(() => new SyncResponse('', { headers: [['set-cookie', 'a=1; Path=/'], ['set-cookie', 'b=2'], ['constructor', 'x']] }));
  export const broken = db.httpHandler(() => { throw new Error('handler broke'); });
  export const router = db.httpRouter(new Router().get('/hello', hello).get('/cookies', cookies).post('/echo', echo).get('/broken', broken));
`;

function notes(db: DatabaseHarness): string[] {
  return db.rows('note').map(row => String((row as readonly unknown[])[1]));
}
const TOKEN = new TextEncoder().encode(JSON.stringify({ iss: 'test', sub: 'ann', aud: [] }));
const ANN_WITH_TOKEN: Caller = { ...ANN, claims: TOKEN };

describe('a call', () => {
  test('returns its outcome and the timestamp of the module', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const raw = (name: string, args: number[]) => db.database.call(name, new Uint8Array(args), ANN);
    db.world.advance(5);
    const outcome = db.call('when');
    expect(outcome).toMatchObject({ kind: 'committed', timestamp: 1_700_000_000_005_000n });
    expect(notes(db)).toContain('1700000000005000');

    expect(raw('add_note', [1, 0, 0, 0, 0x61, 0xff])).toMatchObject({ kind: 'committed' });
    expect(raw('add_note', [1, 0, 0])).toMatchObject({
      kind: 'bad-args',
      message: expect.stringMatching(/^invalid arguments for reducer add_note: /) as string,
    });
    expect(raw('add_note', [1, 0, 0, 0, 0xff]).kind).toBe('bad-args');
    expect(raw('addNote', [])).toMatchObject({ kind: 'no-such-reducer', message: 'no such reducer' });
    expect(raw('twice', []).kind).toBe('no-such-reducer');
    expect(raw('tick', []).kind).toBe('no-such-reducer');
    const lifecycle = ['init', 'on_connect', 'on_disconnect'].map(name => raw(name, []));
    expect(lifecycle.map(each => [each.kind, each.kind !== 'committed' && each.message])).toEqual([
      ['lifecycle', "can't directly call special Init lifecycle reducer"],
      ['lifecycle', "can't directly call special OnConnect lifecycle reducer"],
      ['lifecycle', "can't directly call special OnDisconnect lifecycle reducer"],
    ]);
  });

  test('of a scheduled reducer is allowed for the owner only', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const args = [[1n, { tag: 1, value: [5n] }]];
    expect(db.call('tick', args, ANN).kind).toBe('no-such-reducer');
    expect(db.call('tick', args, OWNER).kind).toBe('committed');
  });

  test('is published once if it changed rows, and not otherwise', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const heard: [Commit, Caller | undefined][] = [];
    db.database.onCommit = (commit, origin) => heard.push([commit, origin]);
    db.call('add_note', ['x'], BEN);
    expect(heard.map(([{ number }, origin]) => [number, origin])).toEqual([[3, BEN]]);
  });
});

describe('clients', () => {
  test('reach the module with their tokens, and it can refuse them', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    db.call('set_rule', ['noted']);
    expect(db.database.connect(ANN_WITH_TOKEN).kind).toBe('committed');
    db.database.disconnect(ANN_WITH_TOKEN);
    db.database.disconnect(ANN_WITH_TOKEN);
    expect(notes(db)).toEqual(['init 1ce none no token', 'came a22 c1 ann', 'left a22 c1 ann']);

    db.call('set_rule', ['closed']);
    expect(db.database.connect(BEN)).toMatchObject({ kind: 'failed', message: 'not today' });
    db.database.disconnect(BEN);
    db.call('set_rule', ['broken']);
    expect(db.database.connect(BEN)).toMatchObject({ kind: 'internal' });
  });

  test('are disconnected even if the module fails on it', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    db.database.connect(ANN);
    db.call('set_rule', ['broken']);
    db.database.disconnect(ANN);
    db.call('set_rule', ['noted']);
    db.database.disconnect(ANN);
    expect(notes(db)).toHaveLength(1);
  });
});

describe('a procedure', () => {
  test('commits twice, publishes both, and returns', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const heard: number[] = [];
    db.database.onCommit = ({ changes }) => heard.push(changes.length);
    expect(db.value('twice', ['p'])).toBe('saw 2 as a22 c1 no token');
    expect([heard, notes(db).slice(1)]).toEqual([
      [1, 1],
      ['p 1', 'p 2'],
    ]);
  });

  test('may abort a transaction, but not nest one or wait for the network inside', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    expect(db.value('abort')).toBe('aborted');
    expect(db.value('nest')).toBe('WouldBlockTransaction');
    expect(db.value('fetch_inside')).toBe('WouldBlockTransaction');
    expect(notes(db).slice(1)).toEqual(['outer']);
  });

  test('gets the error when its commit fails, after a second try', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    db.database.retainView(db.view('fussy'));
    expect(db.value('break_view')).toBe('transaction retry failed again');
    expect(notes(db)).toHaveLength(1);
    expect(db.logged().filter(({ message }) => message === 'Uncaught Error: view broke')).toHaveLength(2);
    expect(db.call('add_note', ['fine']).kind).toBe('committed');
  });

  test('that fails or cannot be called returns the reason', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const none = { timestamp: 0n, durationMicros: 0n, kind: 'internal-error' };
    expect(db.procedure('fail')).toEqual({
      ...none,
      message: 'The module instance encountered a fatal error: procedure broke',
    });
    expect(db.procedure('nothing')).toEqual({ ...none, message: 'No such procedure' });
    expect(db.database.runProcedure('add_note', new Uint8Array(0), ANN)).toEqual({
      ...none,
      message: 'No such procedure',
    });
    expect(db.database.runProcedure('twice', new Uint8Array(2), ANN)).toMatchObject({
      message: expect.stringMatching(/^invalid arguments for procedure twice: /) as string,
    });
  });

  test('that leaves its transaction open gets it rolled back', async () => {
    await using db = await DatabaseHarness.open(`${SOURCE}
      import * as sys from 'spacetime:sys@2.0';
      export const open = db.procedure(t.unit(), () => { sys.procedure_start_mut_tx(); return {}; });`);
    expect(db.procedure('open').kind).toBe('returned');
    expect(db.database.log.lines(1)[0]).toContain('left a transaction open');
    expect(db.call('add_note', ['fine']).kind).toBe('committed');
  });
});

describe('an HTTP handler', () => {
  const request = (db: DatabaseHarness, method: string, path: string) => {
    const body = new TextEncoder().encode('a body');
    const answer = db.database.handleHttp(method, path, `http://host${path}`, { 'x-ask': 'asked' }, body);
    return { ...answer, body: new TextDecoder().decode(answer.body) };
  };
  test('sets several cookies as several headers', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    expect(request(db, 'GET', '/cookies').headers).toEqual({
      'set-cookie': ['a=1; Path=/', 'b=2'],
      constructor: 'x',
    });
  });

  test('answers only its own route', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    expect(request(db, 'GET', '/hello')).toMatchObject({ status: 200, body: 'hello' });
    expect(request(db, 'POST', '/echo')).toEqual({
      status: 201,
      // Header values are bytes: these two are the é of UTF-8.
      headers: { 'x-echo': '\u00c3\u00a9' },
      body: 'POST http://host/echo asked a body',
    });
    expect(notes(db)).toContain('handled');
    for (const [method, path] of [
      ['POST', '/hello'],
      ['GET', '/hello/'],
      ['GET', ''],
    ] as const) {
      expect(request(db, method, path)).toMatchObject({
        status: 404,
        body: 'Database has not registered a handler for this route',
      });
    }
    expect(request(db, 'GET', '/broken')).toMatchObject({
      status: 500,
      body: expect.stringMatching(/^Uncaught Error: handler broke\n\tat .*spacetimedb_module:\d+:\d+/) as string,
    });
  });
});

describe('opening', () => {
  test('a module whose init fails creates no database', async () => {
    const source = SOURCE.replace("say(ctx, 'init ' + caller(ctx));", "throw new SenderError('cannot begin');");
    await expect(DatabaseHarness.open(source)).rejects.toMatchObject({
      code: 'publish/init-failed',
      message: 'cannot begin',
    });
  });

  test('an invalid module is refused with a sentence', async () => {
    await expect(DatabaseHarness.open('export const a = 1;')).rejects.toMatchObject({
      code: 'guest/invalid',
      message: 'must export schema as default export',
    });
  });
});

describe('after a restart', () => {
  async function storageIn(folderPath: string): Promise<Storage & { release(): Promise<void> }> {
    const folder = await openDataFolder(folderPath);
    if (!folder.database(DATABASE_IDENTITY)) {
      await folder.createDatabase({ identity: DATABASE_IDENTITY, owner: OWNER.identity, names: [] });
    }
    const storage = await folder.openStorage(DATABASE_IDENTITY);
    return Object.assign(storage, { release: () => folder.close() });
  }
  function temporaryFolder(): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'agora-database-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  test('rows, sequences, timers and the module are restored, and former clients are disconnected', async () => {
    const folder = temporaryFolder();
    const world = new TestWorld();
    const storage = await storageIn(folder);
    const first = await DatabaseHarness.open(SOURCE, { storage, world });
    first.call('set_rule', ['noted']);
    first.database.connect(ANN_WITH_TOKEN);
    first.call('add_note', ['before']);
    first.call('later', [500n]);
    const before = notes(first);
    await first.database.whenDurable(first.database.datastore.commitNumber);
    await first.database.close();
    await storage.release();

    world.sleep(1000);
    const again = await storageIn(folder);
    const second = await DatabaseHarness.open(`export const other = 1;`, { storage: again, world });

    expect(notes(second)).toEqual([...before, 'left a22 c1 ann']);
    world.advance(0);
    expect(notes(second).slice(-1)).toEqual(['tick']);
    second.call('add_note', ['after']);
    const ids = second.rows('note').map(row => (row as readonly unknown[])[0]);
    expect(new Set(ids).size).toBe(ids.length);
    second.database.disconnect(ANN_WITH_TOKEN);
    expect(notes(second)).toHaveLength(before.length + 3);
    await second.database.close();
    await again.release();
  });

  test('the row limit that SQL has set applies', async () => {
    const folder = temporaryFolder();
    const storage = await storageIn(folder);
    const first = await DatabaseHarness.open(SOURCE, { storage });
    expect(first.database.variables.rowLimit).toBeUndefined();
    runStatement(first.database, 'SET row_limit TO 7', OWNER, first.database.variables);
    await first.database.close();
    expect(() => runStatement(first.database, 'SET row_limit TO 9', OWNER, first.database.variables)).toThrow('closed');
    await storage.release();

    const again = await storageIn(folder);
    const second = await DatabaseHarness.open(SOURCE, { storage: again });
    expect(second.database.variables.rowLimit).toBe(7n);
    await second.database.close();
    await again.release();
  });

  test('views show the restored rows to their identities, and follow later changes', async () => {
    const folder = temporaryFolder();
    const storage = await storageIn(folder);
    const first = await DatabaseHarness.open(VIEWS, { storage });
    for (const caller of [ANN, BEN]) first.call('send', [1], caller);
    await first.database.close();
    await storage.release();

    const again = await storageIn(folder);
    const second = await DatabaseHarness.open(VIEWS, { storage: again });
    const sizes = () => [
      ...['mine', 'mine_by_query', 'all'].map(view => second.viewRows(view, ANN).length),
      second.viewRows('mine', OWNER).length,
    ];
    expect(sizes()).toEqual([1, 1, 2, 0]);
    second.call('send', [2], ANN);
    expect(sizes()).toEqual([2, 2, 3, 0]);
    await second.database.close();
    await again.release();
  });

  test('a published update runs', async () => {
    const folder = temporaryFolder();
    const storage = await storageIn(folder);
    const first = await DatabaseHarness.open(SOURCE, { storage });
    first.call('add_note', ['old']);
    first.database.update(bytesOf(WITH_A_COLUMN), true);
    first.call('add_note', ['new']);
    const rows = first.rows('note');
    await first.database.close();
    await storage.release();

    const again = await storageIn(folder);
    const second = await DatabaseHarness.open(SOURCE, { storage: again });
    expect(second.rows('note')).toEqual(rows);
    await second.database.close();
    await again.release();
  });
});

const VIEWS = `
  import { schema, table, t } from 'spacetimedb/server';
  const mail = table({}, { id: t.u64().primaryKey().autoInc(), owner: t.identity().index('btree'), n: t.u32() });
  const db = schema({ mail });
  export default db;
  export const send = db.reducer({ n: t.u32() }, (ctx, { n }) => { ctx.db.mail.insert({ id: 0n, owner: ctx.sender, n }); });
  export const mine = db.view({ public: true }, t.array(mail.rowType), ctx => [...ctx.db.mail.owner.filter(ctx.sender)]);
  export const mineByQuery = db.view({ public: true }, t.array(mail.rowType), ctx => ctx.from.mail.where(m => m.owner.eq(ctx.sender)));
  export const all = db.anonymousView({ public: true }, t.array(mail.rowType), ctx => [...(ctx.db.mail as any).iter()]);
`;

const WITH_A_COLUMN = SOURCE.replace('what: t.string() });', 'what: t.string(), stars: t.u8().default(5) });').replace(
  '{ id: 0n, what }',
  '{ id: 0n, what, stars: 1 }',
);

describe('a row-level rule', () => {
  const RULE = `export const mine = db.clientVisibilityFilter.sql('SELECT * FROM note WHERE what <> \\'secret\\'');`;

  test('that cannot be applied is refused by name', async () => {
    await expect(DatabaseHarness.open(`${SOURCE}\n${RULE.replace('what', 'nothing')}`)).rejects.toMatchObject({
      code: 'schema/invalid',
      message: expect.stringContaining("SELECT * FROM note WHERE nothing <> 'secret'") as string,
    });
  });

  test('that is added or removed disconnects clients', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    expect(db.database.update(bytesOf(`${SOURCE}\n${RULE}`), true)).toEqual({ kind: 'updated', breaksClients: true });
    expect(db.database.update(bytesOf(SOURCE), true)).toEqual({ kind: 'updated', breaksClients: true });
  });
});

describe('publishing again', () => {
  function replaced(db: DatabaseHarness): UpdateOutcome[] {
    const outcomes: UpdateOutcome[] = [];
    db.database.onReplaced = outcome => outcomes.push(outcome);
    return outcomes;
  }

  test('the same bytes is a no-op', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const outcomes = replaced(db);
    expect(db.database.update(bytesOf(SOURCE))).toEqual({ kind: 'unchanged', breaksClients: false });
    expect(outcomes).toEqual([]);
  });

  test('with other functions and more tables keeps rows, timers and clients, and does not run init', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const outcomes = replaced(db);
    db.database.connect(ANN);
    db.call('later', [500n]);
    db.call('add_note', ['old']);
    const more = SOURCE.replace("say(ctx, 'tick')", "say(ctx, 'new tick')").replace(
      'const db = schema({ note,',
      'const extra = table({ public: true }, { a: t.u32().primaryKey() });\n const db = schema({ extra, note,',
    );
    expect(db.database.update(bytesOf(more))).toEqual({ kind: 'updated', breaksClients: false });
    db.world.advance(500);
    expect(notes(db).slice(1)).toEqual(['old', 'new tick']);
    expect(db.rows('extra')).toEqual([]);
    expect(outcomes).toEqual([{ kind: 'updated', breaksClients: false }]);
  });

  test('with a column added at the end fills in its default, if clients may break', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    db.call('add_note', ['old']);
    const bytes = bytesOf(WITH_A_COLUMN);
    expect(() => db.database.update(bytes)).toThrowError(
      expect.objectContaining({ code: 'publish/breaks-clients' }) as Error,
    );
    expect(db.call('add_note', ['still old']).kind).toBe('committed');
    expect(db.database.update(bytes, true)).toEqual({ kind: 'updated', breaksClients: true });
    db.call('add_note', ['new']);
    expect(db.rows('note').map(row => (row as readonly unknown[]).slice(1))).toEqual([
      [expect.stringContaining('init'), 5],
      ['old', 5],
      ['still old', 5],
      ['new', 1],
    ]);
  });

  test.each<[string, (source: string) => string, RegExp]>([
    [
      'a column without a default',
      s =>
        s
          .replace('what: t.string() });', 'what: t.string(), stars: t.u8() });')
          .replace('{ id: 0n, what }', '{ id: 0n, what, stars: 1 }'),
      /Adding a column stars to table note requires a default value annotation/,
    ],
    [
      'a column gone',
      s => s.replace('rule: t.string() });', '});').replaceAll('?.rule', '').replace('{ id: 1, rule }', '{ id: 1 }'),
      /Removing a column rule from table gate requires a manual migration/,
    ],
    [
      'a column of another type',
      s => s.replace('id: t.u32().primaryKey(), rule', 'id: t.i32().primaryKey(), rule'),
      /Changing the type of column id in table gate/,
    ],
    [
      'a table with rows gone',
      s => s.replace('schema({ note, gate,', 'schema({ note,').replaceAll('ctx.db.gate', '(ctx.db as any).gate'),
      /Cannot remove table `gate`: table contains data/,
    ],
    ['a syntax error', () => 'export default {', /Uncaught SyntaxError/],
  ])('with %s is refused, and the old module goes on', async (_name, change, message) => {
    await using db = await DatabaseHarness.open(SOURCE);
    db.call('set_rule', ['noted']);
    const source = change(SOURCE);
    expect(source).not.toBe(SOURCE);
    const bytes = source.length < 100 ? new TextEncoder().encode(source) : bytesOf(source);
    expect(() => db.database.update(bytes, true)).toThrowError(message);
    expect(db.call('add_note', ['on']).kind).toBe('committed');
    expect(notes(db)).toContain('on');
  });

  test('a unique constraint is refused if rows violate it', async () => {
    await using db = await DatabaseHarness.open(SOURCE);
    const unique = bytesOf(SOURCE.replace('what: t.string() });', 'what: t.string().unique() });'));
    db.call('add_note', ['same']);
    db.call('add_note', ['same']);
    expect(() => db.database.update(unique)).toThrowError(/note share a unique key/);
  });
});

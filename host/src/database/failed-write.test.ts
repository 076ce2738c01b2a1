// A failed disk: commits that were not durable are undone in memory too, and the rest can be read.

import { describe, expect, onTestFinished, test } from 'vitest';
import { SteeredStorage } from './testing/steered-storage.ts';
import { ANN, BEN, bytesOf, DatabaseHarness } from './testing/database-harness.ts';

const SOURCE = `
  import { schema, table, t, SenderError } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  const note = table({ public: true }, { id: t.u64().primaryKey().autoInc(), what: t.string().unique() });
  const timer = table({ scheduled: (): any => tick }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const db = schema({ note, timer });
  export default db;
  export const onConnect = db.clientConnected(ctx => {
    if (ctx.db.note.what.find('closed')) throw new SenderError('not today');
    ctx.db.note.insert({ id: 0n, what: 'came ' + ctx.sender.toHexString().slice(-3) });
  });
  export const add = db.reducer({ what: t.string() }, (ctx, { what }) => { ctx.db.note.insert({ id: 0n, what }); });
  export const rename = db.reducer({ from: t.string(), to: t.string() }, (ctx, { from, to }) => {
    const row = ctx.db.note.what.find(from)!;
    ctx.db.note.id.update({ ...row, what: to });
  });
  export const drop = db.reducer({ what: t.string() }, (ctx, { what }) => { ctx.db.note.what.delete(what); });
  export const tick = db.reducer({ arg: timer.rowType }, ctx => { ctx.db.note.insert({ id: 0n, what: 'tick' }); });
  export const later = db.reducer(ctx => {
    ctx.db.timer.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + 1000n) });
  });
  export const put = db.procedure(t.string(), ctx => {
    try { ctx.withTx(tx => { tx.db.note.insert({ id: 0n, what: 'put' }); }); return 'written'; } catch (error: any) { return error.message; }
  });
  export const peek = db.procedure(t.u64(), ctx => ctx.withTx(tx => tx.db.note.count()));
  export const longest = db.anonymousView({ public: true }, t.array(note.rowType), ctx =>
    [...(ctx.db.note as any).iter()].sort((a: any, b: any) => b.what.length - a.what.length).slice(0, 1)
  );
`;
const NEXT = SOURCE.replace('.insert({ id: 0n, what });', ".insert({ id: 0n, what: 'new ' + what });");

const notes = (db: DatabaseHarness): string[] =>
  db
    .rows('note')
    .map(row => String((row as readonly unknown[])[1]))
    .sort();

async function open() {
  const storage = new SteeredStorage();
  const db = await DatabaseHarness.open(SOURCE, { storage });
  onTestFinished(() => db.database.close());
  for (const what of ['one', 'two', 'three']) db.call('add', [what]);
  storage.isPrompt = false;
  return { storage, db };
}

describe('when a write fails', () => {
  test('rows and indexes are those of the last durable commit', async () => {
    const { storage, db } = await open();
    db.call('add', ['four']);
    storage.sync();
    const durable = db.database.datastore.commitNumber;
    db.call('rename', ['one', 'uno']);
    db.call('drop', ['two']);
    db.call('add', ['two']);
    db.call('rename', ['uno', 'uno due']);
    db.call('add', ['five']);
    db.call('drop', ['five']);
    expect(notes(db)).toEqual(['four', 'three', 'two', 'uno due']);

    storage.fail();

    expect(notes(db)).toEqual(['four', 'one', 'three', 'two']);
    expect(db.database.datastore.commitNumber).toBe(durable);
    const [byId, byWhat] = db.database.datastore.tableByName('note')?.indexes ?? [];
    for (const row of db.database.datastore.tableByName('note')?.rows() ?? []) {
      expect([byId, byWhat].map(index => index?.point(index.keyOf(row.bytes)))).toEqual([[row], [row]]);
    }
  });

  test('views are computed from the remaining rows', async () => {
    const { storage, db } = await open();
    const longest = (): unknown => (db.viewRows('longest')[0] as readonly unknown[])[1];
    expect(longest()).toBe('three');
    db.call('add', ['thousand']);
    expect(longest()).toBe('thousand');
    storage.fail();
    expect(longest()).toBe('three');
    expect(db.viewRows('longest', BEN)).toHaveLength(1);
    await db.database.whenDurable(db.database.datastore.commitNumber);
  });

  test('writers and the operator get the reason', async () => {
    const { storage, db } = await open();
    const heard: string[] = [];
    db.database.onWriteFailed = error => heard.push(error.code);
    storage.fail();
    expect(heard).toEqual(['storage/write-failed']);
    expect(db.call('add', ['four'])).toMatchObject({ kind: 'internal', message: 'the disk is full' });
    // The message of the server library for any refused commit.
    expect(db.value('put')).toBe('transaction retry failed again');
    expect(db.value('peek')).toBe(3n);
    expect(notes(db)).toEqual(['one', 'three', 'two']);
    expect(() => db.database.update(bytesOf(NEXT))).toThrow('the disk is full');
    expect(db.database.log.lines().join()).toContain('the disk is full');
    expect(notes(db)).toEqual(['one', 'three', 'two']);
  });

  test('no timer fires', async () => {
    const { storage, db } = await open();
    db.call('later');
    storage.sync();
    storage.fail();
    db.world.advance(1000);
    expect(notes(db)).not.toContain('tick');
    expect(db.rows('timer')).toHaveLength(1);
  });

  test('clients still connect and disconnect if the module accepts, and its writes are dropped', async () => {
    const { storage, db } = await open();
    storage.fail();
    expect(db.database.connect(ANN).kind).toBe('committed');
    expect(notes(db)).toEqual(['one', 'three', 'two']);
    db.database.disconnect(ANN);
    expect(db.database.connect(ANN).kind).toBe('committed');

    const closed = await open();
    closed.db.call('add', ['closed']);
    closed.storage.sync();
    closed.storage.fail();
    expect(closed.db.database.connect(ANN)).toMatchObject({ kind: 'failed', message: 'not today' });
  });

  test('a module that is not durable is undone with all later commits', async () => {
    const { storage, db } = await open();
    const before = db.database.programBytes;
    db.call('add', ['before']);
    db.database.update(bytesOf(NEXT));
    db.call('add', ['after']);
    expect(notes(db)).toContain('new after');
    storage.fail();
    expect(db.database.programBytes).toBe(before);
    expect(notes(db)).toEqual(['one', 'three', 'two']);
  });

  test('a durable module stays', async () => {
    const { storage, db } = await open();
    db.database.update(bytesOf(NEXT));
    storage.sync();
    db.call('add', ['lost']);
    await Promise.resolve();
    storage.fail();
    expect(db.database.programBytes).toEqual(bytesOf(NEXT));
    expect(notes(db)).toEqual(['one', 'three', 'two']);
  });
});

// A disk that is too far behind: nothing that the database owes itself is lost.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { HostError } from '../errors.ts';
import { Guest } from '../guest/guest.ts';
import { LmdbStorage } from '../storage/lmdb-storage.ts';
import { TestWorld } from '../testing/test-world.ts';
import { guardTimers } from './guarded-timers.ts';
import { ANN, DatabaseHarness } from './testing/database-harness.ts';
import { SteeredStorage } from './testing/steered-storage.ts';

const SOURCE = `
  import { schema, table, t } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  declare const scheduler: any;
  const once = table({ scheduled: (): any => ring }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const often = table({ scheduled: (): any => beat }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const errand = table({ scheduled: (): any => run }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const note = table({ public: true }, { id: t.u64().primaryKey().autoInc(), what: t.string() });
  const db = schema({ once, often, errand, note });
  export default db;
  const say = (ctx: any, what: string) => ctx.db.note.insert({ id: 0n, what });
  const soon = (ctx: any, ms: bigint) => ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + ms * 1000n);
  export const ring = db.reducer({ arg: once.rowType }, ctx => { say(ctx, 'ring'); });
  export const beat = db.reducer({ arg: often.rowType }, ctx => { say(ctx, 'beat'); });
  export const run = db.procedure({ arg: errand.rowType }, t.unit(), ctx => { ctx.withTx(tx => say(tx, 'errand')); return {}; });
  export const start = db.reducer({ ms: t.u64() }, (ctx, { ms }) => {
    ctx.db.once.insert({ id: 0n, at: soon(ctx, ms) });
    ctx.db.errand.insert({ id: 0n, at: soon(ctx, ms) });
    ctx.db.often.insert({ id: 0n, at: ScheduleAt.interval(3_600_000_000n) });
  });
  export const onConnect = db.clientConnected(ctx => { say(ctx, 'came'); });
  export const onDisconnect = db.clientDisconnected(ctx => { say(ctx, 'left'); });
`;

function notes(db: DatabaseHarness): string[] {
  return db
    .rows('note')
    .map(row => String((row as readonly unknown[])[1]))
    .sort();
}

async function open() {
  const storage = new SteeredStorage();
  const db = await DatabaseHarness.open(SOURCE, { storage });
  onTestFinished(() => db.database.close());
  return { storage, db };
}

describe('while the disk is too far behind', () => {
  test('a due row stays, and runs once when the disk has caught up', async () => {
    const { storage, db } = await open();
    db.call('start', [500n]);
    storage.isOverloaded = true;
    db.world.advance(3_600_000);
    expect(notes(db)).toEqual([]);
    expect([db.rows('once').length, db.rows('errand').length]).toEqual([1, 1]);

    storage.isOverloaded = false;
    db.world.advance(200);

    expect(notes(db)).toEqual(['beat', 'errand', 'ring']);
    expect([db.rows('once'), db.rows('errand')]).toEqual([[], []]);
    db.world.advance(3_600_000);
    expect(notes(db)).toEqual(['beat', 'beat', 'errand', 'ring']);
  });

  test('a due row that the process never ran runs after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agora-overload-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const world = new TestWorld();
    const storage = LmdbStorage.open(folder);
    const first = await DatabaseHarness.open(SOURCE, { world, storage });
    first.call('start', [500n]);
    Object.defineProperty(storage, 'refusal', { value: new HostError('storage/overloaded') });
    world.advance(1000);
    await first.database.close();

    const again = await DatabaseHarness.open(SOURCE, { world, storage: LmdbStorage.open(folder) });
    onTestFinished(() => again.database.close());
    world.advance(0);
    expect(notes(again)).toEqual(['errand', 'ring']);
    expect(again.rows('once')).toEqual([]);
  });

  test('a row is deleted with the commit of its run, even if that commit fills the backlog', async () => {
    const { storage, db } = await open();
    db.call('start', [500n]);
    db.database.onCommit = () => {
      storage.isOverloaded = true;
    };
    db.world.advance(500);
    expect(notes(db)).toHaveLength(1);
    storage.isOverloaded = false;
    db.database.onCommit = () => {};
    db.world.advance(60_000);
    expect(notes(db)).toEqual(['errand', 'ring']);
  });

  test('a client that leaves is disconnected when the disk has caught up', async () => {
    const { storage, db } = await open();
    db.database.connect(ANN);
    storage.isOverloaded = true;
    db.database.disconnect(ANN);
    db.world.advance(1000);
    expect(notes(db)).toEqual(['came']);
    storage.isOverloaded = false;
    db.database.connect(ANN);
    expect(notes(db)).toEqual(['came', 'came', 'left']);
    db.database.disconnect(ANN);
    expect(notes(db)).toEqual(['came', 'came', 'left', 'left']);
  });
});

test('a run that the host fails is tried again, ever more slowly', async () => {
  const { db } = await open();
  db.call('start', [500n]);
  let attempts = 0;
  const broken = vi.spyOn(Guest.prototype, 'callReducer').mockImplementation(() => {
    attempts++;
    throw new HostError('guest/invalid', 'the module does not load again');
  });
  db.world.advance(600_000);
  expect(attempts).toBeGreaterThan(10);
  expect(attempts).toBeLessThan(25);
  expect(db.rows('once')).toHaveLength(1);

  broken.mockRestore();
  db.world.advance(60_000);
  expect(notes(db)).toEqual(['errand', 'ring']);
});

test('a client leaves also if the module cannot run at all', async () => {
  const { db } = await open();
  db.database.connect(ANN);
  const broken = vi.spyOn(Guest.prototype, 'callReducer').mockImplementation(() => {
    throw new HostError('guest/invalid', 'the module does not load again');
  });
  db.database.disconnect(ANN);
  broken.mockRestore();
  expect(notes(db)).toEqual(['came']);
  expect(db.database.log.lines().at(-2)).toContain('running on_disconnect failed: the module does not load again');
  db.database.connect(ANN);
  expect(notes(db)).toEqual(['came', 'came']);
});

test('a connection id belongs to one client at a time', async () => {
  const { db } = await open();
  expect(db.database.connect(ANN).kind).toBe('committed');
  expect(db.database.connect({ ...ANN, identity: 7n })).toMatchObject({ kind: 'failed' });
  db.database.disconnect(ANN);
  expect(db.database.connect({ ...ANN, identity: 7n }).kind).toBe('committed');
  expect(notes(db)).toEqual(['came', 'came', 'left']);
});

test('an error in a timer of a database is reported and does not end the process', () => {
  const world = new TestWorld();
  const reports: string[] = [];
  guardTimers(world, report => reports.push(report)).setTimer(5, () => {
    throw new Error('a bug of the host');
  });
  world.advance(5);
  expect(reports).toEqual(['a timer failed: a bug of the host']);
});

// Timed rows, with a manual clock.

import { expect, test } from 'vitest';
import type { Commit } from '../datastore/commit.ts';
import { ANN, DATABASE_IDENTITY, DatabaseHarness } from './testing/database-harness.ts';

const SOURCE = `
  import { schema, table, t, SenderError } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  declare const console: { log(text: string): void };
  const once = table({ public: true, scheduled: (): any => ring }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt(), label: t.string() });
  const often = table({ public: true, scheduled: (): any => beat }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt(), label: t.string() });
  const errand = table({ public: true, scheduled: (): any => run }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt(), label: t.string() });
  const note = table({ public: true }, { id: t.u64().primaryKey().autoInc(), what: t.string() });
  const db = schema({ once, often, errand, note });
  export default db;
  const ms = (ctx: any) => Number((ctx.timestamp.microsSinceUnixEpoch - 1_700_000_000_000_000n) / 1000n);
  const say = (ctx: any, what: string) => ctx.db.note.insert({ id: 0n, what: ms(ctx) + ' ' + what });

  export const ring = db.reducer({ arg: once.rowType }, (ctx, { arg }) => {
    const caller = ctx.sender.isEqual(ctx.databaseIdentity) && ctx.connectionId === null ? 'database' : 'other';
    say(ctx, 'ring ' + arg.label + ' ' + caller + ' ' + (ctx.db.once.id.find(arg.id) !== null));
    if (arg.label === 'fail') throw new SenderError('failed');
    if (arg.label === 'crash') throw new Error('crashed');
    if (arg.label === 'gone') ctx.db.once.id.delete(arg.id);
  });
  export const beat = db.reducer({ arg: often.rowType }, (ctx, { arg }) => {
    say(ctx, 'beat ' + arg.label);
    if (arg.label === 'thrice' && ctx.db.note.count() >= 3n) ctx.db.often.id.delete(arg.id);
    if (arg.label === 'slower') ctx.db.often.id.update({ ...arg, at: ScheduleAt.interval(1_000_000n), label: 'slow' });
    if (arg.label === 'crash') throw new Error('crashed');
  });
  export const run = db.procedure({ arg: errand.rowType }, t.unit(), (ctx, { arg }) => {
    ctx.withTx(tx => say(tx, 'errand ' + arg.label + ' ' + tx.db.errand.count() + ' left'));
    return {};
  });

  export const ringIn = db.reducer({ label: t.string(), ms: t.i64() }, (ctx, { label, ms }) => {
    ctx.db.once.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + ms * 1000n), label });
    if (label === 'rolled back') throw new SenderError('no');
  });
  export const beatEvery = db.reducer({ label: t.string(), ms: t.i64() }, (ctx, { label, ms }) => {
    ctx.db.often.insert({ id: 0n, at: ScheduleAt.interval(ms * 1000n), label });
  });
  export const runIn = db.reducer({ label: t.string(), ms: t.i64() }, (ctx, { label, ms }) => {
    ctx.db.errand.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + ms * 1000n), label });
  });
  export const move = db.reducer({ id: t.u64(), ms: t.i64() }, (ctx, { id, ms }) => {
    const row = ctx.db.once.id.find(id)!;
    ctx.db.once.id.update({ ...row, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + ms * 1000n) });
  });
  export const cancel = db.reducer({ id: t.u64() }, (ctx, { id }) => { ctx.db.once.id.delete(id); });
  export const insertThenDelete = db.reducer(ctx => {
    const row = ctx.db.once.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch), label: 'never' });
    ctx.db.once.id.delete(row.id);
  });
`;

function notes(db: DatabaseHarness): string[] {
  return db.rows('note').map(row => String((row as readonly unknown[])[1]));
}
function sorted(lines: string[]): string[] {
  return lines.sort((a, b) => parseInt(a) - parseInt(b));
}

test('a row runs at its time, exists during the run, and is deleted with the commit of its run', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  const commits: string[][] = [];
  db.database.onCommit = (commit: Commit) =>
    commits.push(
      commit.changes.map(({ table, inserts, deletes }) => `${table.def.name} +${inserts.length} -${deletes.length}`),
    );
  db.call('ring_in', ['a', 300n]);
  db.world.advance(299);
  expect(notes(db)).toEqual([]);

  db.world.advance(1);

  expect(notes(db)).toEqual(['300 ring a database true']);
  expect(db.rows('once')).toEqual([]);
  expect(commits).toEqual([['once +1 -0'], ['note +1 -0', 'once +0 -1']]);
  expect(db.world.timerCount).toBe(0);
});

test('past times run immediately, in order, with the current time', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('ring_in', ['later', -1n]);
  db.call('ring_in', ['sooner', -5000n]);
  db.world.advance(0);
  expect(notes(db)).toEqual(['0 ring sooner database true', '0 ring later database true']);
});

test.each(['fail', 'crash'])('a run that ends by %s is rolled back, and its row is deleted', async label => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('ring_in', [label, 10n]);
  db.world.advance(10);
  expect([notes(db), db.rows('once')]).toEqual([[], []]);
});

test('a row that was rolled back, deleted or moved does not run at the old time', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('ring_in', ['rolled back', 10n]);
  db.call('insert_then_delete');
  db.call('ring_in', ['cancelled', 10n]);
  db.call('cancel', [3n]);
  db.call('ring_in', ['moved', 10n]);
  db.call('move', [4n, 500n]);
  db.call('ring_in', ['gone', 20n]);
  db.world.advance(1000);
  expect(sorted(notes(db))).toEqual(['20 ring gone database true', '500 ring moved database true']);
});

test('an interval stays on its grid and skips missed ticks', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('beat_every', ['x', 100n]);
  db.world.advance(250);
  db.world.sleep(320);
  db.world.advance(200);
  expect(sorted(notes(db))).toEqual(['100 beat x', '200 beat x', '570 beat x', '600 beat x', '700 beat x']);
  expect(db.rows('often')).toHaveLength(1);
});

test('an interval stops with its row, follows changes of its row, and survives a crash', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('beat_every', ['thrice', 100n]);
  db.world.advance(1000);
  expect(sorted(notes(db))).toEqual(['100 beat thrice', '200 beat thrice', '300 beat thrice']);

  db.call('beat_every', ['slower', 100n]);
  db.world.advance(2500);
  expect(sorted(notes(db)).slice(3)).toEqual(['1100 beat slower', '2100 beat slow', '3100 beat slow']);

  db.call('beat_every', ['crash', 100n]);
  db.world.advance(1000);
  expect(db.logged().filter(({ message }) => message.includes('crashed'))).toHaveLength(10);
});

test('a negative interval counts by its absolute value, and a zero interval does not starve other rows', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('beat_every', ['negative', -100n]);
  db.world.advance(200);
  expect(sorted(notes(db))).toEqual(['100 beat negative', '200 beat negative']);

  await using other = await DatabaseHarness.open(SOURCE);
  other.call('beat_every', ['thrice', 0n]);
  other.world.advance(1);
  expect(notes(other)).toHaveLength(3);
});

test('the row of a procedure is deleted before the run', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('run_in', ['p', 50n]);
  db.world.advance(50);
  expect(notes(db)).toEqual(['50 errand p 0 left']);
});

test('thousands of rows share one timer, and repeatedly moved rows leave no stale entries', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  for (let n = 0; n < 2000; n++) db.call('ring_in', [`n${n}`, BigInt(1000 + ((n * 7919) % 5000))]);
  expect(db.world.timerCount).toBe(1);
  for (let n = 0; n < 10_000; n++) db.call('move', [1n, BigInt(3000 + n)]);
  db.world.advance(20_000);
  expect(notes(db)).toHaveLength(2000);
  const times = notes(db).map(line => parseInt(line));
  expect(new Set(times).size).toBeGreaterThan(1000);
});

test('a client cannot run a row', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  expect(db.database.call('ring', new Uint8Array(0), ANN)).toMatchObject({
    kind: 'no-such-reducer',
    message: 'no such reducer',
  });
  expect(db.database.identity).toBe(DATABASE_IDENTITY);
});

// System calls with effects outside the call: reducers scheduled without a row, console timers, tokens.

import { expect, test } from 'vitest';
import { ANN, bytesOf, DatabaseHarness } from './testing/database-harness.ts';
import { SteeredStorage } from './testing/steered-storage.ts';

const SOURCE = `
  import { schema, table, t, SenderError } from 'spacetimedb/server';
  import { ScheduleAt } from 'spacetimedb';
  import * as sys from 'spacetime:sys@2.0';
  declare const console: { time(label: string): void; timeEnd(label: string): void };
  const note = table({ public: true }, { id: t.u64().primaryKey().autoInc(), what: t.string() });
  const timer = table({ scheduled: (): any => tick }, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
  const db = schema({ note, timer });
  export default db;
  const say = (ctx: any, what: string) => {
    const { jwt } = ctx.senderAuth;
    const who = ctx.sender.isEqual(ctx.databaseIdentity) ? 'database' : 'client';
    ctx.db.note.insert({ id: 0n, what: [what, who, ctx.connectionId === null, jwt === null ? 'no token' : jwt.subject].join(' ') });
  };
  export const first = db.init(ctx => say(ctx, 'init'));
  export const plain = db.reducer(ctx => say(ctx, 'plain'));
  export const later = db.reducer({ fails: t.bool() }, (ctx, { fails }) => {
    sys.volatile_nonatomic_schedule_immediate('plain', new Uint8Array(0));
    say(ctx, 'later');
    if (fails) throw new SenderError('rolled back');
  });
  export const soon = db.reducer(ctx => { ctx.db.timer.insert({ id: 0n, at: ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + 1000n) }); });
  export const tick = db.reducer({ arg: timer.rowType }, ctx => say(ctx, 'tick'));
  export const timed = db.reducer(() => { console.time('span'); console.timeEnd('span'); });
`;

const notes = (db: DatabaseHarness): string[] => db.rows('note').map(row => String((row as readonly unknown[])[1]));
const claims = new TextEncoder().encode(JSON.stringify({ iss: 'localhost', sub: 'ann', aud: ['spacetimedb'], iat: 0 }));

test('a reducer scheduled without a row runs after the call, as the database, even if the call was rolled back', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('later', [false]);
  expect(notes(db).slice(1)).toEqual(['later client false no token']);
  db.world.advance(0);
  expect(notes(db).slice(1)).toEqual(['later client false no token', 'plain database true no token']);
  expect(db.call('later', [true]).kind).toBe('failed');
  db.world.advance(0);
  expect(notes(db).slice(2)).toEqual(['plain database true no token', 'plain database true no token']);
});

test('only clients have a token: init and scheduled functions have none', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  const caller = { ...ANN, claims };
  db.database.connect(caller);
  db.call('plain', [], caller);
  db.call('soon', [], caller);
  db.world.advance(10);
  expect(notes(db)).toEqual(['init client true no token', 'plain client false ann', 'tick database true no token']);
});

test('a console timer logs its duration', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('timed');
  expect(db.logged()).toMatchObject([
    {
      level: 'Info',
      function: 'timed',
      message: expect.stringMatching(/^Timing span "span": \d+\.\d{3}ms$/) as string,
    },
  ]);
});

test('a reducer scheduled without a row waits for the disk, and runs in the module that is current then', async () => {
  const storage = new SteeredStorage();
  await using db = await DatabaseHarness.open(SOURCE, { storage });
  db.call('later', [false]);
  storage.isOverloaded = true;
  db.world.advance(1000);
  expect(notes(db)).toHaveLength(2);

  storage.isOverloaded = false;
  db.database.update(
    bytesOf(SOURCE.replace('export const plain =', 'export const earlier = db.reducer(() => {}); $&')),
  );
  db.world.advance(1000);
  expect(notes(db).slice(2)).toEqual(['plain database true no token']);

  db.call('later', [false]);
  db.database.update(bytesOf(SOURCE.replace('export const plain =', 'export const plainer =')));
  db.world.advance(1000);
  expect(notes(db).slice(3)).toEqual(['later client false no token']);
  expect(db.database.log.lines().at(-1)).toContain('cannot run: no such reducer: plain');
});

// Views: when they are computed, their row changes, and their failures.

import { expect, test } from 'vitest';
import type { Commit } from '../datastore/commit.ts';
import { ANN, BEN, OWNER, DatabaseHarness, rowsOf } from './testing/database-harness.ts';

const SOURCE = `
  import { schema, table, t, Range } from 'spacetimedb/server';
  declare const console: { log(text: string): void };
  const mail = table({}, { id: t.u64().primaryKey().autoInc(), owner: t.identity().index('btree'), text: t.string() });
  const switchboard = table({}, { id: t.u32().primaryKey(), isBroken: t.bool() });
  const score = table(
    { public: true, indexes: [{ accessor: 'byTeamAndPoints', algorithm: 'btree', columns: ['team', 'points'] }] },
    { id: t.u32().primaryKey(), team: t.u32().index('btree'), points: t.u32() }
  );
  const happening = table({ public: true, event: true }, { id: t.u32().primaryKey() });
  const db = schema({ mail, switchboard, score, happening });
  export default db;

  export const sendMail = db.reducer({ to: t.identity(), text: t.string() }, (ctx, { to, text }) => {
    ctx.db.mail.insert({ id: 0n, owner: to, text });
  });
  export const dropMail = db.reducer({ owner: t.identity() }, (ctx, { owner }) => { ctx.db.mail.owner.delete(owner); });
  export const setScore = db.reducer({ id: t.u32(), team: t.u32(), points: t.u32() }, (ctx, row) => {
    if (ctx.db.score.id.find(row.id)) ctx.db.score.id.update(row); else ctx.db.score.insert(row);
  });
  export const setBroken = db.reducer({ isBroken: t.bool() }, (ctx, { isBroken }) => {
    ctx.db.switchboard.id.delete(1);
    ctx.db.switchboard.insert({ id: 1, isBroken });
  });
  export const happen = db.reducer({ id: t.u32() }, (ctx, row) => { ctx.db.happening.insert(row); });

  export const myMail = db.view({ public: true }, t.array(mail.rowType), ctx => {
    console.log('my_mail');
    return [...ctx.db.mail.owner.filter(ctx.sender)];
  });
  export const myMailQuery = db.view({ public: true }, t.array(mail.rowType), ctx => ctx.from.mail.where(m => m.owner.eq(ctx.sender)));
  export const everything = db.anonymousView({ public: true }, t.array(score.rowType), ctx => {
    console.log('everything');
    return [...(ctx.db.score as any).iter()];
  });
  export const leaders = db.anonymousView({ public: true }, t.array(score.rowType), ctx => {
    console.log('leaders');
    return [...ctx.db.score.byTeamAndPoints.filter([1, new Range<number>({ tag: 'included', value: 10 }, { tag: 'unbounded' })])];
  });
  export const best = db.anonymousView({ public: true }, t.option(score.rowType), ctx => {
    console.log('best');
    let best: any;
    for (const row of ctx.db.score.team.filter(1)) if (!best || row.points > best.points) best = row;
    return best;
  });
  export const moody = db.anonymousView({ public: true }, t.array(score.rowType), ctx => {
    console.log('moody');
    if (ctx.db.switchboard.id.find(1)?.isBroken) throw new Error('moody view');
    return [...ctx.db.score.team.filter(1)];
  });
  const Total = t.row('Total', { team: t.u32(), people: t.u32() });
  export const totals = db.anonymousView({ public: true }, t.array(Total), ctx => {
    let people = 0;
    for (const _ of ctx.db.score.team.filter(1)) people++;
    return [{ team: 1, people }, { team: 1, people }];
  });
  const Keyed = t.row('Keyed', { id: t.u32().primaryKey(), people: t.u32() });
  export const twoOfAKey = db.anonymousView({ public: true }, t.array(Keyed), ctx => {
    let people = 0;
    for (const _ of ctx.db.score.team.filter(1)) people++;
    return people < 2 ? [{ id: 1, people }] : [{ id: 1, people }, { id: 1, people: 0 }];
  });
`;

function counts(db: DatabaseHarness): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { message } of db.logged()) counts[message] = (counts[message] ?? 0) + 1;
  return counts;
}

test('a view per caller is recomputed only for the caller whose key was written', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  for (const caller of [ANN, BEN]) db.database.retainView(db.view('my_mail', caller));
  expect(counts(db)).toEqual({ my_mail: 2 });

  db.call('send_mail', [[ANN.identity], 'hello']);
  db.call('send_mail', [[0x123n], 'to a stranger']);
  db.call('set_score', [1, 1, 1]);

  expect(counts(db)).toEqual({ my_mail: 3 });
  expect(db.viewRows('my_mail', ANN)).toEqual([[1n, [ANN.identity], 'hello']]);
  expect(db.viewRows('my_mail', BEN)).toEqual([]);
  expect(counts(db)).toEqual({ my_mail: 3 });

  db.call('drop_mail', [[ANN.identity]]);
  expect(db.viewRows('my_mail', ANN)).toEqual([]);
  expect(counts(db)).toEqual({ my_mail: 4 });
});

test('a range or scan reads the whole table, a full key only its row', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  for (const view of ['everything', 'leaders', 'best']) db.database.retainView(db.view(view));

  db.call('set_score', [1, 2, 50]);
  expect(counts(db)).toEqual({ everything: 2, leaders: 2, best: 1 });

  db.call('set_score', [2, 1, 50]);
  expect(counts(db)).toEqual({ everything: 3, leaders: 3, best: 2 });
  expect(db.viewRows('best')).toEqual([[2, 1, 50]]);
  expect(db.viewRows('leaders')).toEqual([[2, 1, 50]]);

  db.call('set_score', [2, 3, 50]);
  expect(counts(db)['best']).toBe(3);
  expect(db.viewRows('best')).toEqual([]);
});

test('changed rows are part of the commit of the writer', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  const relation = db.view('best');
  db.database.retainView(relation);
  const commits: Commit[] = [];
  db.database.onCommit = commit => commits.push(commit);

  db.call('set_score', [1, 1, 5]);
  db.call('set_score', [2, 1, 3]);
  db.call('set_score', [3, 1, 9]);

  const changes = commits.map(commit => commit.changes.find(({ table }) => table === relation));
  expect(changes.map(change => [change?.inserts.length, change?.deletes.length])).toEqual([
    [1, 0],
    [undefined, undefined],
    [1, 1],
  ]);
  expect(rowsOf(relation)).toEqual([[3, 1, 9]]);
});

test('a view by query follows its table', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.database.retainView(db.view('my_mail_query', ANN));
  db.call('send_mail', [[ANN.identity], 'one']);
  db.call('send_mail', [[BEN.identity], 'two']);
  expect(db.viewRows('my_mail_query', ANN)).toEqual([[1n, [ANN.identity], 'one']]);
  expect(db.viewRows('my_mail_query', BEN)).toEqual([[2n, [BEN.identity], 'two']]);
});

test('equal rows count once', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.database.retainView(db.view('totals'));
  db.call('set_score', [1, 1, 5]);
  expect(db.viewRows('totals')).toEqual([[1, 1]]);
});

test('a view that throws at its first read is empty, and recovers with the write that repairs it', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('set_score', [1, 1, 5]);
  db.call('set_broken', [true]);
  const relation = db.view('moody');
  db.database.retainView(relation);
  expect(rowsOf(relation)).toEqual([]);

  // A view that is already broken fails no write.
  expect(db.call('set_broken', [true]).kind).toBe('committed');
  expect(db.call('set_score', [2, 1, 6]).kind).toBe('committed');
  expect(rowsOf(relation)).toEqual([]);

  expect(db.call('set_broken', [false]).kind).toBe('committed');
  expect(rowsOf(relation)).toEqual([
    [1, 1, 5],
    [2, 1, 6],
  ]);
});

test('a write that breaks a watched view is rolled back, and the view continues', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.call('set_broken', [false]);
  const relation = db.view('moody');
  const others = [db.view('everything'), db.view('best')];
  for (const table of [relation, ...others]) db.database.retainView(table);

  expect(db.call('set_broken', [true])).toMatchObject({
    kind: 'internal',
    message: 'The instance encountered a fatal error.',
  });
  expect(db.rows('switchboard')).toEqual([[1, false]]);
  expect(db.logged().at(-1)).toMatchObject({
    level: 'Panic',
    message: 'Uncaught Error: moody view',
    function: 'moody',
  });

  db.call('set_score', [1, 1, 5]);
  expect(rowsOf(relation)).toEqual([[1, 1, 5]]);
  expect(db.viewRows('best')).toEqual([[1, 1, 5]]);
});

test('two rows with one primary key fail the view', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.database.retainView(db.view('two_of_a_key'));
  expect(db.call('set_score', [1, 1, 5]).kind).toBe('committed');
  expect(db.call('set_score', [2, 1, 5]).kind).toBe('internal');
  expect(db.viewRows('two_of_a_key')).toEqual([[1, 1]]);
  expect(db.rows('score')).toEqual([[1, 1, 5]]);
});

test('a view without watchers costs writers nothing', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  const relation = db.view('best');
  db.call('set_score', [1, 1, 5]);
  expect(counts(db)).toEqual({ best: 1 });
  expect(db.viewRows('best')).toEqual([[1, 1, 5]]);

  db.database.retainView(db.view('best'));
  db.database.retainView(db.view('best'));
  db.database.releaseView(db.view('best'));
  db.call('set_score', [2, 1, 7]);
  expect(counts(db)['best']).toBe(3);
  db.database.releaseView(db.view('best'));
  db.call('set_score', [3, 1, 8]);
  expect(counts(db)['best']).toBe(3);
  expect(relation).not.toBe(db.view('best'));
});

test('unused views are dropped, least recently used first', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  const first = db.view('my_mail', ANN);
  for (let n = 0; n < 300; n++) db.view('my_mail', { ...BEN, identity: BigInt(1000 + n) });
  expect(db.view('my_mail', ANN)).not.toBe(first);
  const last = db.view('my_mail', { ...BEN, identity: 1299n });
  expect(db.view('my_mail', { ...BEN, identity: 1299n })).toBe(last);

  db.world.advance(11 * 60_000);
  expect(db.world.timerCount).toBe(0);
  expect(db.view('my_mail', { ...BEN, identity: 1299n })).not.toBe(last);
});

test('a write by SQL or a procedure refreshes views too', async () => {
  await using db = await DatabaseHarness.open(SOURCE);
  db.database.retainView(db.view('best'));
  const table = db.database.datastore.tableByName('score');
  const { outcome } = db.database.write(OWNER, tx => {
    if (table) tx.insert(table, new Uint8Array([9, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0]));
  });
  expect(outcome.kind).toBe('committed');
  expect(db.viewRows('best')).toEqual([[9, 1, 7]]);
});

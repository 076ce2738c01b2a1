// Subscribers of views while the module is replaced.

import { expect, test } from 'vitest';
import { Subscriptions } from '../subscription/subscriptions.ts';
import { CountingClient } from '../subscription/testing/counting-client.ts';
import { ANN, BEN, bytesOf, DatabaseHarness } from './testing/database-harness.ts';

const source = (least: number, factor: number) => `
  import { schema, table, t } from 'spacetimedb/server';
  const item = table({ public: true }, { id: t.u32().primaryKey(), n: t.u32() });
  const db = schema({ item });
  export default db;
  export const init = db.init(ctx => { for (let id = 1; id <= 4; id++) ctx.db.item.insert({ id, n: id * 10 }); });
  export const shown = db.anonymousView({ public: true }, t.array(item.rowType), ctx =>
    [...ctx.db.item.iter()].filter(row => row.n >= ${least}));
  export const mine = db.view({ public: true }, t.array(item.rowType), ctx =>
    [...ctx.db.item.iter()].filter(row => row.n >= ${least}).map(row => ({ ...row, n: row.n * ${factor} })));
  export const bump = db.reducer({ id: t.u32() }, (ctx, { id }) => {
    const row = ctx.db.item.id.find(id)!;
    ctx.db.item.id.update({ ...row, n: row.n + 1 });
  });
`;

const QUERIES = [
  'SELECT * FROM shown',
  'SELECT * FROM mine',
  'SELECT * FROM item',
  'SELECT item.* FROM item JOIN shown ON item.id = shown.id',
];

test('subscribers of a changed view receive the difference, and later changes of rows that they have', async () => {
  await using db = await DatabaseHarness.open(source(30, 1));
  const { database } = db;
  let subscriptions = new Subscriptions<CountingClient>(database);
  database.onCommit = commit => {
    for (const [client, updates] of subscriptions.publish(commit)) client.updated(updates);
  };
  const clients = [ANN, BEN].map(
    ({ identity }) => new CountingClient(identity, name => tableNamed(db, name, identity)),
  );
  for (const client of clients) {
    for (const [at, query] of QUERIES.entries()) {
      const answer = subscriptions.subscribe(client, at, [query]);
      if ('rows' in answer) client.applied(at, answer.rows);
    }
  }
  const sizes = () => clients.map(client => QUERIES.map((_, at) => client.counts(at).size));
  expect(sizes()).toEqual([
    [2, 2, 4, 2],
    [2, 2, 4, 2],
  ]);
  let updated = 0;
  database.onReplaced = () => {
    const previous = subscriptions;
    subscriptions = new Subscriptions(database);
    for (const client of clients) {
      for (const [at, query] of QUERIES.entries()) {
        const result = subscriptions.resume(client, at, [query], previous);
        if ('error' in result) throw new Error(result.error);
        if (!result.update) continue;
        updated++;
        client.updated([result.update]);
      }
    }
  };

  database.update(bytesOf(source(10, 2)));

  expect(sizes()).toEqual([
    [4, 4, 4, 4],
    [4, 4, 4, 4],
  ]);
  expect(updated).toBe(6);
  db.call('bump', [1]);
  for (const client of clients) {
    for (const [at, query] of QUERIES.entries()) {
      const fresh = new CountingClient(client.identity, name => tableNamed(db, name, client.identity));
      const answer = subscriptions.subscribe(fresh, at, [query]);
      if ('rows' in answer) fresh.applied(at, answer.rows);
      expect(client.counts(at)).toEqual(fresh.counts(at));
      subscriptions.removeClient(fresh);
    }
  }

  database.update(bytesOf(`${source(10, 2)}\nexport const other = db.reducer(() => {});`));
  expect(updated).toBe(6);
});

function tableNamed({ database }: DatabaseHarness, name: string, identity: bigint) {
  const view = database.def.views.find(def => def.name === name);
  const table = view ? database.viewTable(view, identity) : database.datastore.tableByName(name);
  if (!table) throw new Error(`no table ${name}`);
  return table;
}

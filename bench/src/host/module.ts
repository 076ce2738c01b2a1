// The measured module: an empty call, an insert, and an indexed read and write.

import { schema, t, table } from 'spacetimedb/server';

const item = table({ public: true }, { id: t.u64().primaryKey().autoInc(), text: t.string() });
const counter = table({ public: true }, { key: t.u32().primaryKey(), count: t.u64() });
const tick = table({ public: true }, { id: t.u32().primaryKey(), number: t.u32() });

const db = schema({ item, counter, tick });
export default db;

export const init = db.init(ctx => {
  for (let key = 0; key < 1000; key++) ctx.db.counter.insert({ key, count: 0n });
  ctx.db.tick.insert({ id: 0, number: 0 });
});

export const empty = db.reducer(() => {});

export const insert = db.reducer({ text: t.string() }, (ctx, { text }) => {
  ctx.db.item.insert({ id: 0n, text });
});

export const bump = db.reducer({ key: t.u32() }, (ctx, { key }) => {
  const row = ctx.db.counter.key.find(key);
  if (row) ctx.db.counter.key.update({ key, count: row.count + 1n });
});

/** Many rows in one transaction. */
export const fill = db.reducer({ count: t.u32(), text: t.string() }, (ctx, { count, text }) => {
  for (let at = 0; at < count; at++) ctx.db.item.insert({ id: 0n, text });
});

/** Changes one row for all its subscribers. */
export const ring = db.reducer({ number: t.u32() }, (ctx, { number }) => {
  ctx.db.tick.id.update({ id: 0, number });
});

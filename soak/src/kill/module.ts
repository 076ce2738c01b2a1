// The module under load. Each call writes several rows, which must all exist or none.
//
// An `entry` has a `half` with the same op and the opposite value; a batch of `part`s has all its rows; the balance of an
// account is its base plus all moves; a plan has its `task` until it is `done`.

import { ScheduleAt } from 'spacetimedb';
import { schema, t, table } from 'spacetimedb/server';

/** Replaced before each publish, so that versions differ. */
const VERSION = '@VERSION@';

const entry = table({ public: true }, { id: t.u64().primaryKey().autoInc(), op: t.string().unique(), value: t.i64() });
const half = table({ public: true }, { op: t.string().primaryKey(), entryId: t.u64(), value: t.i64() });
const part = table(
  { public: true, indexes: [{ accessor: 'byOp', algorithm: 'btree', columns: ['op'] }] },
  { id: t.u64().primaryKey().autoInc(), op: t.string(), at: t.u32() },
);
const account = table({ public: true }, { id: t.u32().primaryKey(), base: t.i64(), balance: t.i64() });
const move = table(
  { public: true },
  { op: t.string().primaryKey(), source: t.u32(), target: t.u32(), amount: t.i64() },
);
const done = table({ public: true }, { op: t.string().primaryKey(), times: t.u32() });
const task = table(
  { public: true },
  { scheduledId: t.u64().primaryKey().autoInc(), scheduledAt: t.scheduleAt(), op: t.string() },
);

const db = schema({ entry, half, part, account, move, done, task });
export default db;

export const init = db.init(ctx => {
  for (let id = 0; id < 16; id++) ctx.db.account.insert({ id, base: 1000n, balance: 1000n });
});

export const add = db.reducer({ op: t.string(), value: t.i64() }, (ctx, { op, value }) => {
  const { id } = ctx.db.entry.insert({ id: 0n, op, value });
  ctx.db.half.insert({ op, entryId: id, value: -value });
});

export const change = db.reducer({ op: t.string(), value: t.i64() }, (ctx, { op, value }) => {
  const row = ctx.db.entry.op.find(op);
  const other = ctx.db.half.op.find(op);
  if (!row || !other) throw new Error(`${op} is not there`);
  ctx.db.half.op.update({ ...other, value: -value });
  ctx.db.entry.id.update({ ...row, value });
});

export const remove = db.reducer({ op: t.string() }, (ctx, { op }) => {
  if (!ctx.db.entry.op.delete(op) || !ctx.db.half.op.delete(op)) throw new Error(`${op} is not there`);
});

export const batch = db.reducer({ op: t.string(), count: t.u32() }, (ctx, { op, count }) => {
  for (let at = 0; at < count; at++) ctx.db.part.insert({ id: 0n, op, at });
});

export const transfer = db.reducer(
  { op: t.string(), source: t.u32(), target: t.u32(), amount: t.i64() },
  (ctx, { op, source, target, amount }) => {
    const from = ctx.db.account.id.find(source);
    const to = ctx.db.account.id.find(target);
    if (!from || !to || source === target) throw new Error('two accounts were expected');
    ctx.db.account.id.update({ ...from, balance: from.balance - amount });
    ctx.db.account.id.update({ ...to, balance: to.balance + amount });
    ctx.db.move.insert({ op, source, target, amount });
  },
);

export const plan = db.reducer({ op: t.string(), delayMicros: t.i64() }, (ctx, { op, delayMicros }) => {
  const scheduledAt = ScheduleAt.time(ctx.timestamp.microsSinceUnixEpoch + delayMicros);
  ctx.db.task.insert({ scheduledId: 0n, scheduledAt, op });
});

export const runTask = db.reducer({ onSchedule: task }, { arg: task.rowType }, (ctx, { arg }) => {
  const before = ctx.db.done.op.find(arg.op);
  if (before) ctx.db.done.op.update({ op: arg.op, times: before.times + 1 });
  else ctx.db.done.insert({ op: arg.op, times: 1 });
});

/** Removes all rows of some ops in one transaction. */
export const sweep = db.reducer({ ops: t.array(t.string()) }, (ctx, { ops }) => {
  for (const op of ops) {
    ctx.db.entry.op.delete(op);
    ctx.db.half.op.delete(op);
    ctx.db.part.byOp.delete(op);
    ctx.db.done.op.delete(op);
    const moved = ctx.db.move.op.find(op);
    if (!moved) continue;
    for (const [id, sign] of [
      [moved.source, -1n],
      [moved.target, 1n],
    ] as const) {
      const row = ctx.db.account.id.find(id);
      if (row) ctx.db.account.id.update({ ...row, base: row.base + sign * moved.amount });
    }
    ctx.db.move.op.delete(op);
  }
});

export const version = db.procedure(t.string(), () => VERSION);

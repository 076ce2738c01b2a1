// Random histories of calls that commit or fail, compared with a Map: rows, indexes, views and commits always agree.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SatsValue } from '../sats/value.ts';
import { ANN, DatabaseHarness, rowsOf } from './testing/database-harness.ts';

const SOURCE = `
  import { schema, table, t, SenderError } from 'spacetimedb/server';
  const row = table({ public: true }, { id: t.u32().primaryKey(), name: t.string().unique(), team: t.u32().index('btree') });
  const db = schema({ row });
  export default db;
  const Act = t.object('Act', { kind: t.u8(), id: t.u32(), name: t.string(), team: t.u32() });
  export const perform = db.reducer({ acts: t.array(Act), ends: t.u8() }, (ctx, { acts, ends }) => {
    for (const { kind, ...row } of acts) {
      try {
        if (kind === 0) ctx.db.row.insert(row);
        else if (kind === 1) ctx.db.row.id.update(row);
        else if (kind === 2) ctx.db.row.id.delete(row.id);
        else if (kind === 3) ctx.db.row.team.delete(row.team);
        else ctx.db.row.delete(row);
      } catch {}
    }
    if (ends === 1) throw new SenderError('refused');
    if (ends === 2) throw new Error('crashed');
  });
  export const teamOne = db.anonymousView({ public: true }, t.array(row.rowType), ctx => [...ctx.db.row.team.filter(1)]);
`;

type Act = readonly [kind: number, id: number, name: string, team: number];
type Model = Map<number, Act>;

function perform(model: Model, acts: readonly Act[]): Model {
  const next = new Map(model);
  for (const act of acts) {
    const [kind, id, name, team] = act;
    const isNameTaken = [...next.values()].some(other => other[2] === name && other[1] !== id);
    const old = next.get(id);
    if (kind === 0 && !old && !isNameTaken) next.set(id, act);
    else if (kind === 1 && old && !isNameTaken) next.set(id, act);
    else if (kind === 2) next.delete(id);
    else if (kind === 3) for (const [key, row] of next) if (row[3] === team) next.delete(key);
    if (kind === 4 && old && old[2] === name && old[3] === team) next.delete(id);
  }
  return next;
}

function asRows(model: Model): SatsValue[] {
  const rows: SatsValue[] = [...model.values()].map(([, id, name, team]) => [id, name, team]);
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const act = fc.tuple(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  fc.integer({ min: 1, max: 3 }),
);
const step = fc.record({ acts: fc.array(act, { maxLength: 8 }), ends: fc.constantFrom(0, 0, 0, 1, 2) });

test('committed rows equal those of a Map, and so does the sum of the commits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      await using db = await DatabaseHarness.open(SOURCE);
      const view = db.view('team_one', ANN);
      db.database.retainView(view);
      const heard = new Map<string, Set<unknown>>([
        ['row', new Set()],
        ['team_one', new Set()],
      ]);
      db.database.onCommit = ({ changes }) => {
        for (const { table, inserts, deletes } of changes) {
          const rows = heard.get(table.def.name);
          for (const row of deletes) expect(rows?.delete(row)).toBe(true);
          for (const row of inserts) rows?.add(row);
        }
      };
      let model: Model = new Map();
      for (const { acts, ends } of steps) {
        const kind = db.call('perform', [acts, ends]).kind;
        expect(kind).toBe(['committed', 'failed', 'internal'][ends]);
        if (ends === 0) model = perform(model, acts);

        expect(db.rows('row')).toEqual(asRows(model));
        const teamOne = new Map([...model].filter(([, row]) => row[3] === 1));
        expect(rowsOf(view)).toEqual(asRows(teamOne));
        expect(heard.get('row')?.size).toBe(model.size);
        expect(heard.get('team_one')?.size).toBe(teamOne.size);
      }
    }),
    { numRuns: 60 },
  );
});

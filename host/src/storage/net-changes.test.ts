import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Commit, TableChange } from '../datastore/commit.ts';
import { Row } from '../datastore/row.ts';
import { aDatabaseOfNotes } from './testing/note-database.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { netChanges } from './net-changes.ts';

const { note: table } = aDatabaseOfNotes(createMemoryStorage());

/** Rows on disk after some changes, by key. */
function written(changes: readonly TableChange[], before: ReadonlyMap<number, Row> = new Map()): Map<number, Row> {
  const rows = new Map(before);
  for (const { inserts, deletes } of changes) {
    for (const row of deletes) {
      expect(rows.get(row.key)).toBe(row);
      rows.delete(row.key);
    }
    for (const row of inserts) {
      expect(rows.has(row.key)).toBe(false);
      rows.set(row.key, row);
    }
  }
  return rows;
}

/** Consecutive commits: each step inserts, updates or deletes the row of a key. */
const histories = fc.array(
  fc.uniqueArray(fc.record({ key: fc.nat(4), isKept: fc.boolean() }), { selector: ({ key }) => key, maxLength: 4 }),
  { minLength: 1, maxLength: 6 },
);

test('the net change leaves the rows that the commits leave, and writes each of them at most once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4)), histories, (first, history) => {
      const before = new Map(first.map(key => [key, new Row(new Uint8Array([key]), key)]));
      const rows = new Map(before);
      const commits = history.map((steps, number): Commit => {
        const inserts: Row[] = [];
        const deletes: Row[] = [];
        for (const { key, isKept } of steps) {
          const held = rows.get(key);
          if (held) deletes.push(held);
          rows.delete(key);
          if (!isKept) continue;
          const row = new Row(new Uint8Array([key, number]), key);
          inserts.push(row);
          rows.set(key, row);
        }
        return { number, changes: [{ table, inserts, deletes }], sequences: [] };
      });

      const net = netChanges(commits);

      expect(written(net, before)).toEqual(rows);
      expect(net).toHaveLength(1);
      for (const { inserts, deletes } of net) {
        for (const row of inserts) expect(before.get(row.key)).not.toBe(row);
        for (const row of deletes) expect(before.get(row.key)).toBe(row);
      }
    }),
  );
});

test('a row that a later commit deletes is not written', () => {
  const row = new Row(new Uint8Array([1]), 1);
  const commits = [
    { number: 1, changes: [{ table, inserts: [row], deletes: [] }], sequences: [] },
    { number: 2, changes: [{ table, inserts: [], deletes: [row] }], sequences: [] },
  ];
  expect(netChanges(commits)).toEqual([{ table, inserts: [], deletes: [] }]);
});

test('a table that a commit replaces as a whole is written in the order of the commits', () => {
  const row = new Row(new Uint8Array([1]), 1);
  const whole = { table, inserts: [row], deletes: [], isWhole: true };
  const removal = { table, inserts: [], deletes: [row] };
  const commits = [
    { number: 1, changes: [whole], sequences: [] },
    { number: 2, changes: [removal], sequences: [] },
  ];
  expect(netChanges(commits)).toEqual([whole, removal]);
});

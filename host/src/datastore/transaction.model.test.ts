// Model test: random histories against a naive second implementation, an array of rows with linear search.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BsatnWriter } from '../sats/writer.ts';
import { HostError } from '../errors.ts';
import type { Commit } from './commit.ts';
import { Datastore } from './datastore.ts';
import { keyOfBytes } from './row-key.ts';
import { aModule, type TableSketch } from './testing/module-sketch.ts';
import type { Index } from './table.ts';
import type { Transaction } from './transaction.ts';

interface Plain {
  readonly id: number;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

const columns = { id: 'u32', name: 'string', x: 'i8', y: 'u16' } as const;
const keyed: TableSketch = { name: 'keyed', columns, indexes: [[0], [1], [2, 3], [3]], uniques: [[0], [1]] };
const bag: TableSketch = { name: 'bag', columns, indexes: [[2, 3]] };

/** Few different rows, so that histories meet the same one often. */
const aRow: fc.Arbitrary<Plain> = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  name: fc.constantFrom('a', 'é', ''),
  x: fc.integer({ min: -1, max: 0 }),
  y: fc.constantFrom(0, 256),
});

type Act =
  | { readonly kind: 'insert' | 'delete' | 'updateId' | 'updateName'; readonly row: Plain }
  | { readonly kind: 'deleteX' | 'fill'; readonly x: number }
  | { readonly kind: 'replace'; readonly rows: readonly Plain[] }
  | { readonly kind: 'clear' | 'commit' | 'rollback' | 'sync' | 'lose' };

const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('insert' as const, 'delete'), row: aRow }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('updateId' as const, 'updateName'), row: aRow }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('deleteX' as const, 'fill'), x: fc.integer({ min: -1, max: 0 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('replace' as const), rows: fc.array(aRow, { maxLength: 5 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Act>({ kind: 'clear' }, { kind: 'rollback' }) },
  { weight: 1, arbitrary: fc.constantFrom<Act>({ kind: 'sync' }, { kind: 'lose' }) },
  { weight: 2, arbitrary: fc.constant<Act>({ kind: 'commit' }) },
);

/** Enough rows of one key for an index to use a set, and for a transaction to use a map of its deletes. */
function manyRows(x: number): Plain[] {
  return Array.from({ length: 12 }, (_, at) => ({ id: 10 + at, name: `n${at}`, x, y: 0 }));
}

function encode(row: Plain): Uint8Array {
  return new BsatnWriter().u32(row.id).string(row.name).i8(row.x).u16(row.y).finish();
}

const textOf = (bytes: Uint8Array): string => keyOfBytes(bytes);
const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

/** The model: unordered rows now, when the transaction began, and as last stored. */
class Model {
  readonly isKeyed: boolean;
  rows: Plain[] = [];
  before: Plain[] = [];
  durable: Plain[] = [];

  constructor(isKeyed: boolean) {
    this.isKeyed = isKeyed;
  }

  /** The outcome of an action, as an error number or a count. */
  act(act: Act): number {
    switch (act.kind) {
      case 'insert':
        if (this.#has(act.row)) return 0;
        if (this.#conflicts(act.row, this.rows)) return 12;
        this.rows.push(act.row);
        return 0;
      case 'delete': {
        const had = this.#has(act.row);
        this.rows = this.rows.filter(row => !isSame(row, act.row));
        return Number(had);
      }
      case 'updateId':
      case 'updateName': {
        if (!this.isKeyed) return 14;
        const column = act.kind === 'updateId' ? 'id' : 'name';
        const old = this.rows.find(row => row[column] === act.row[column]);
        if (!old) return 15;
        const others = this.rows.filter(row => row !== old);
        if (this.#conflicts(act.row, others)) return 12;
        this.rows = [...others, act.row];
        return 0;
      }
      case 'deleteX': {
        const left = this.rows.filter(row => row.x !== act.x);
        const gone = this.rows.length - left.length;
        this.rows = left;
        return gone;
      }
      case 'fill':
        for (const row of manyRows(act.x)) this.act({ kind: 'insert', row });
        return 0;
      case 'replace': {
        const rows: Plain[] = [];
        for (const row of act.rows) {
          if (rows.some(other => isSame(other, row))) continue;
          if (this.#conflicts(row, rows)) return 12;
          rows.push(row);
        }
        this.rows = rows;
        return 0;
      }
      case 'clear': {
        const count = this.rows.length;
        this.rows = [];
        return count;
      }
      case 'commit':
        this.before = [...this.rows];
        return 0;
      case 'rollback':
        this.rows = [...this.before];
        return 0;
      case 'sync':
        this.durable = [...this.before];
        return 0;
      case 'lose':
        this.rows = [...this.durable];
        this.before = [...this.durable];
        return 0;
    }
  }

  #has(row: Plain): boolean {
    return this.rows.some(other => isSame(other, row));
  }
  #conflicts(row: Plain, others: readonly Plain[]): boolean {
    return this.isKeyed && others.some(other => other.id === row.id || other.name === row.name);
  }
}

function isSame(a: Plain, b: Plain): boolean {
  return a.id === b.id && a.name === b.name && a.x === b.x && a.y === b.y;
}

/** The real table, driven by the same actions. */
class Subject {
  readonly datastore: Datastore;
  readonly table;
  tx: Transaction;
  /** Commits that are not stored yet. */
  #commits: Commit[] = [];

  constructor(sketch: TableSketch) {
    this.datastore = new Datastore(aModule(sketch));
    this.table = this.datastore.tables[0] ?? expect.fail('no table');
    this.tx = this.datastore.begin();
  }

  index(columnList: string): Index {
    const found = this.table.indexes.find(index => index.def.columns.join() === columnList);
    return found ?? expect.fail(`no index over ${columnList}`);
  }

  act(act: Act): number {
    try {
      return this.#act(act);
    } catch (thrown) {
      if (thrown instanceof HostError && thrown.errno !== undefined) return thrown.errno;
      throw thrown;
    }
  }

  #act(act: Act): number {
    switch (act.kind) {
      case 'insert':
        this.tx.insert(this.table, encode(act.row));
        return 0;
      case 'delete':
        return Number(this.tx.deleteEqual(this.table, encode(act.row)));
      case 'updateId':
      case 'updateName': {
        if (this.table.def.uniques.length === 0) {
          this.tx.update(this.table, this.index('2,3'), encode(act.row));
          return 0;
        }
        const index = this.index(act.kind === 'updateId' ? '0' : '1');
        const bytes = encode(act.row);
        const before = index.first(index.keyOf(bytes));
        const { row } = this.tx.update(this.table, index, bytes);
        // A deleted row with the same bytes is restored with its old key.
        if (row !== before && row.mark > 0) expect(row.key).toBe(before?.key);
        return 0;
      }
      case 'deleteX': {
        const prefix = new BsatnWriter().i8(act.x).finish();
        const rows = this.index('2,3').range(prefix, 1, undefined, undefined);
        for (const row of rows) agree('deleted', [String(this.tx.deleteRow(this.table, row))], ['true']);
        for (const row of rows) agree('deleted again', [String(this.tx.deleteRow(this.table, row))], ['false']);
        return rows.length;
      }
      case 'fill':
        for (const row of manyRows(act.x)) this.act({ kind: 'insert', row });
        return 0;
      case 'replace':
        this.tx.replaceRelation(this.table, act.rows.map(encode));
        return 0;
      case 'clear':
        return Number(this.tx.clear(this.table));
      case 'commit':
        this.#commits.push(this.tx.commit());
        this.tx = this.datastore.begin();
        return 0;
      case 'rollback':
        this.tx.rollback();
        this.tx = this.datastore.begin();
        return 0;
      case 'sync':
        this.#commits = [];
        return 0;
      case 'lose':
        this.tx.rollback();
        this.datastore.undo(this.#commits.splice(0));
        this.tx = this.datastore.begin();
        return 0;
    }
  }
}

function check(subject: Subject, model: Model): void {
  const { table } = subject;
  const texts = (rows: Iterable<{ readonly bytes: Uint8Array }>): string[] =>
    sorted([...rows].map(r => textOf(r.bytes)));
  const plain = (rows: readonly Plain[]): string[] => sorted(rows.map(row => textOf(encode(row))));

  agree('count', [String(table.count)], [String(model.rows.length)]);
  agree('rows', texts(table.rows()), plain(model.rows));
  agree('row keys', [String(new Set([...table.rows()].map(row => row.key)).size)], [String(table.count)]);

  for (const index of table.indexes) {
    const byKey = Map.groupBy(model.rows, row => keyOfBytes(keyBytes(row, index.def.columns)));
    byKey.set(keyOfBytes(keyBytes({ id: 99, name: 'nobody', x: 1, y: 1 }, index.def.columns)), []);
    for (const [key, rows] of byKey) {
      agree(index.def.name, texts(index.point(key)), plain(rows));
      agree(`count of ${index.def.name}`, [String(index.countOf(key))], [String(rows.length)]);
      agree(`first of ${index.def.name}`, [String(index.first(key) !== undefined)], [String(rows.length > 0)]);
    }
  }
  const { layout } = table;
  const ranged = subject.index('2,3').range(new Uint8Array(0), 0, undefined, undefined);
  agree(
    'order',
    ranged.map(({ bytes }) => `${Number(layout.value(bytes, 2))} ${Number(layout.value(bytes, 3))}`),
    model.rows.toSorted((a, b) => a.x - b.x || a.y - b.y).map(row => `${row.x} ${row.y}`),
  );

  const bound = (x: number, isInclusive: boolean) => ({ value: new BsatnWriter().i8(x).finish(), isInclusive });
  for (const [lower, upper, holds] of [
    [bound(-1, false), undefined, (x: number) => x > -1],
    [undefined, bound(0, false), (x: number) => x < 0],
    [bound(-1, true), bound(-1, true), (x: number) => x === -1],
    [bound(0, true), bound(-1, true), () => false],
  ] as const) {
    const found = subject.index('2,3').range(new Uint8Array(0), 0, lower, upper);
    agree('between', texts(found), plain(model.rows.filter(row => holds(row.x))));
  }
  const below = { value: new BsatnWriter().u16(256).finish(), isInclusive: false };
  const prefixed = subject.index('2,3').range(new BsatnWriter().i8(-1).finish(), 1, undefined, below);
  agree('behind a prefix', texts(prefixed), plain(model.rows.filter(row => row.x === -1 && row.y < 256)));

  const net = subject.tx.changes()[0];
  const now = new Set(plain(model.rows));
  const then = new Set(plain(model.before));
  agree('net inserts', texts(net?.inserts ?? []), sorted(now.difference(then)));
  agree('net deletes', texts(net?.deletes ?? []), sorted(then.difference(now)));
}

/** `expect` with lists costs more than the step under test, so it runs only to show a difference. */
function agree(what: string, seen: readonly string[], wanted: readonly string[]): void {
  if (seen.join('|') !== wanted.join('|')) expect({ what, rows: seen }).toEqual({ what, rows: wanted });
}

function keyBytes(row: Plain, keyColumns: readonly number[]): Uint8Array {
  const writer = new BsatnWriter();
  for (const column of keyColumns) {
    if (column === 0) writer.u32(row.id);
    if (column === 1) writer.string(row.name);
    if (column === 2) writer.i8(row.x);
    if (column === 3) writer.u16(row.y);
  }
  return writer.finish();
}

describe.each([keyed, bag])('a table that is $name', sketch => {
  test('equals a list of rows after every step of any history', () => {
    fc.assert(
      fc.property(fc.array(anAct, { maxLength: 80, size: 'max' }), acts => {
        const model = new Model(sketch === keyed);
        const subject = new Subject(sketch);
        for (const act of acts) {
          const wanted = model.act(act);
          agree(act.kind, [String(subject.act(act))], [String(wanted)]);
          if (act.kind === 'replace' && wanted === 12) {
            // It stops halfway, as documented: the caller rolls back.
            model.act({ kind: 'rollback' });
            subject.act({ kind: 'rollback' });
          }
          check(subject, model);
        }
      }),
      { numRuns: 200 },
    );
  });
});

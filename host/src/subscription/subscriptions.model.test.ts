// Model test: random queries over random histories. The rows that a client has accumulated equal those of a naive
// evaluator, after every commit and when a set ends.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Table } from '../datastore/table.ts';
import { ANN, TestSource } from '../query/testing/test-source.ts';
import { Subscriptions } from './subscriptions.ts';
import { CountingClient } from './testing/counting-client.ts';

const TABLES = ['left', 'right', 'bag'] as const;
type TableName = (typeof TABLES)[number];
type Values = readonly [number, number, number];
const COLUMNS = ['k', 'a', 'b'] as const;

function newSource(): TestSource {
  const columns = { k: 'u8', a: 'u16', b: 'u8' } as const;
  const keyed = { columns, unique: ['k'], indexed: ['a'] } as const;
  return new TestSource({ left: keyed, right: keyed, bag: { columns, indexed: ['a'] } });
}

// A predicate over the aliases x and y, as SQL and as a function of the two rows.
interface Predicate {
  readonly sql: string;
  /** The predicates that must all hold; their order does not matter. */
  readonly conjuncts: readonly string[];
  readonly holds: (x: Values, y: Values) => boolean;
}

const OPERATORS = {
  '=': (a: number, b: number) => a === b,
  '<>': (a: number, b: number) => a !== b,
  '<': (a: number, b: number) => a < b,
  '>=': (a: number, b: number) => a >= b,
} as const;

const smallNumber = fc.integer({ min: 0, max: 4 });
const position = fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2);
const operator = fc.constantFrom(...(Object.keys(OPERATORS) as (keyof typeof OPERATORS)[]));

function predicate(aliases: readonly ('x' | 'y')[]): fc.Arbitrary<Predicate> {
  const alias = fc.constantFrom(...aliases);
  const pick = (name: 'x' | 'y', x: Values, y: Values): Values => (name === 'x' ? x : y);
  const atom = (sql: string, holds: Predicate['holds']): Predicate => ({ sql, conjuncts: [sql], holds });
  const literal = fc
    .record({ alias, at: position, op: operator, value: smallNumber })
    .map(({ alias: name, at, op, value }) =>
      atom(`${name}.${COLUMNS[at]} ${op} ${value}`, (x, y) => OPERATORS[op](pick(name, x, y)[at], value)),
    );
  const columns = fc
    .record({ one: alias, other: alias, op: operator })
    .map(({ one, other, op }) =>
      atom(`${one}.k ${op} ${other}.b`, (x, y) => OPERATORS[op](pick(one, x, y)[0], pick(other, x, y)[2])),
    );
  const { tree } = fc.letrec<{ tree: Predicate; node: Predicate }>(tie => ({
    tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, literal, columns, tie('node')),
    node: fc
      .record({ terms: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }), isAnd: fc.boolean() })
      .map(({ terms, isAnd }): Predicate => {
        const sql = terms.map(term => `(${term.sql})`).join(isAnd ? ' AND ' : ' OR ');
        return {
          sql,
          conjuncts: isAnd ? terms.flatMap(term => term.conjuncts) : [sql],
          holds: (x, y) => (isAnd ? terms.every(term => term.holds(x, y)) : terms.some(term => term.holds(x, y))),
        };
      }),
  }));
  return tree;
}

interface Query {
  readonly sql: string;
  /** Equal for queries that count as one in a set. */
  readonly key: string;
  /** Its result, by naive evaluation. */
  readonly rows: (all: (table: TableName) => readonly Values[]) => { table: TableName; values: Values }[];
}

const table = fc.constantFrom(...TABLES);

const single = fc.record({ table, where: fc.option(predicate(['x'])) }).map(({ table: name, where }): Query => ({
  sql: `SELECT * FROM ${name} x${where ? ` WHERE ${where.sql}` : ''}`,
  key: [name, ...(where?.conjuncts.toSorted() ?? [])].join(' & '),
  rows: all =>
    all(name)
      .filter(values => where?.holds(values, values) ?? true)
      .map(values => ({ table: name, values })),
}));

const join = fc
  .record({ left: table, right: table, returned: fc.constantFrom('x', 'y'), where: fc.option(predicate(['x', 'y'])) })
  .map(({ left, right, returned, where }): Query => ({
    sql: `SELECT ${returned}.* FROM ${left} x JOIN ${right} y ON x.a = y.a${where ? ` WHERE ${where.sql}` : ''}`,
    key: [left, right, returned, ...(where?.conjuncts.toSorted() ?? [])].join(' & '),
    rows: all =>
      all(left).flatMap(x =>
        all(right)
          .filter(y => x[1] === y[1] && (where?.holds(x, y) ?? true))
          .map(y => (returned === 'x' ? { table: left, values: x } : { table: right, values: y })),
      ),
  }));

const query = fc.oneof(single, join, join);

type Write = { readonly insert: Values } | { readonly remove: number };
interface Change {
  readonly table: TableName;
  readonly write: Write;
}

const values = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 3 }), smallNumber);
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ insert: values }),
  fc.record({ insert: values }),
  fc.record({ remove: fc.nat(6) }),
);
const transaction = fc.array(fc.record({ table, write }), { maxLength: 6 });

type Action =
  | { readonly do: 'commit' | 'give up'; readonly changes: readonly Change[] }
  | { readonly do: 'subscribe'; readonly client: number; readonly queries: readonly Query[] }
  | { readonly do: 'unsubscribe'; readonly at: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const), changes: transaction }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give up' as const), changes: transaction }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      client: fc.nat(1),
      queries: fc.array(query, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), at: fc.nat(5) }) },
);

/** Inserts a row or replaces the one with its key, or removes the row of that number. */
function apply(source: TestSource, changes: readonly Change[], givesUp = false): void {
  source.write(undefined, tx => {
    for (const { table: name, write: todo } of changes) {
      const target = source.table(name);
      if ('remove' in todo) {
        const row = [...target.rows()][todo.remove];
        if (row) tx.deleteRow(target, row);
        continue;
      }
      const bytes = source.row(name, ...todo.insert);
      const [unique] = target.indexes.filter(index => index.isUnique);
      if (unique?.first(unique.keyOf(bytes))) tx.update(target, unique, bytes);
      else tx.insert(target, bytes);
      // A duplicate key is refused, and nothing of the refused row remains.
      if (unique) expect(() => tx.insert(target, source.row(name, todo.insert[0], 9, 9))).toThrow('unique');
    }
    if (givesUp) throw new GaveUp();
  });
}

class GaveUp extends Error {}

function rowsOf(source: TestSource, target: Table): Values[] {
  return [...target.rows()].map(row => source.values(target, row.bytes) as Values);
}

function expected(source: TestSource, queries: readonly Query[]): Map<string, number> {
  const counts = new Map<string, number>();
  const distinct = new Map(queries.map(({ key, rows }) => [key, rows]));
  for (const rows of distinct.values()) {
    for (const found of rows(name => rowsOf(source, source.table(name)))) {
      const row = `${found.table} ${Buffer.from(source.row(found.table, ...found.values)).toString('hex')}`;
      counts.set(row, (counts.get(row) ?? 0) + 1);
    }
  }
  return counts;
}

test('the rows that clients accumulate equal the results of their queries', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 40 }), actions => {
      const source = newSource();
      const subscriptions = new Subscriptions<CountingClient>(source);
      const clients = [ANN, ANN].map(identity => new CountingClient(identity, name => source.table(name)));
      const sets: { client: CountingClient; id: number; queries: readonly Query[] }[] = [];
      source.onCommit = commit => {
        for (const [client, updates] of subscriptions.publish(commit)) client.updated(updates);
      };
      for (const [step, todo] of actions.entries()) {
        if (todo.do === 'commit') apply(source, todo.changes);
        if (todo.do === 'give up') expect(() => apply(source, todo.changes, true)).toThrow(GaveUp);
        if (todo.do === 'subscribe') {
          const client = clients[todo.client] as CountingClient;
          const answer = subscriptions.subscribe(
            client,
            step,
            todo.queries.map(({ sql }) => sql),
          );
          if ('error' in answer) throw new Error(answer.error);
          client.applied(step, answer.rows);
          sets.push({ client, id: step, queries: todo.queries });
        }
        if (todo.do === 'unsubscribe') {
          const [set] = sets.splice(todo.at, 1);
          const answer = set && subscriptions.unsubscribe(set.client, set.id, true);
          if (answer && 'rows' in answer && answer.rows)
            expect(set.client.ended(set.id, answer.rows)).toEqual(new Map());
        }
        for (const { client, id, queries } of sets) expect(client.counts(id)).toEqual(expected(source, queries));
      }
    }),
    { numRuns: 400 },
  );
}, 60_000);

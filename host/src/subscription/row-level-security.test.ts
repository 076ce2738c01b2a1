// Visibility of tables with row-level rules: by subscription, by one-off query, by SQL.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HostError } from '../errors.ts';
import { SystemVariables } from '../query/source.ts';
import { rowRulesOf } from '../query/row-rules.ts';
import { runStatement } from '../query/statement.ts';
import { compileViewQuery } from '../query/view-query.ts';
import { ANN, BEN, IDENTITY, OWNER, refusalOf, TestSource } from '../query/testing/test-source.ts';
import { Subscriptions } from './subscriptions.ts';
import { CountingClient } from './testing/counting-client.ts';

const OWN = 'SELECT * FROM letter WHERE owner = :sender';
const OF_MY_GROUPS = 'SELECT letter.* FROM member JOIN letter ON letter.grp = member.grp WHERE member.who = :sender';

function letters(...rules: string[]): TestSource {
  return new TestSource(
    {
      letter: { columns: { id: 'u32', owner: IDENTITY, grp: 'u32' }, unique: ['id'], indexed: ['grp', 'owner'] },
      member: {
        columns: { id: 'u32', who: IDENTITY, grp: 'u32' },
        unique: ['id'],
        indexed: ['grp', 'who'],
        isPrivate: true,
      },
      stamp: { columns: { letter: 'u32', n: 'u32' }, unique: ['letter'] },
      knock: { columns: { owner: IDENTITY, n: 'u32' }, isEvent: true },
    },
    { everyLetter: { of: 'letter', rows: () => [] } },
    rules,
  );
}

/** The ids of the letters that a caller can read, in each of the three ways. */
function seenBy(source: TestSource, caller: bigint, sql = 'SELECT * FROM letter'): number[] {
  const statement = runStatement(source, sql, { identity: caller }, new SystemVariables());
  const bySql = statement.rows.map(row => idOf(source.decode(statement, row)));
  const client = new CountingClient(caller, name => source.table(name));
  const subscriptions = new Subscriptions<CountingClient>(source);
  const watched = subscriptions.subscribe(client, 1, [sql]);
  const once = subscriptions.oneOff(client, sql);
  if ('error' in watched) throw new Error(watched.error);
  if ('error' in once) throw new Error(once.error);
  client.applied(1, watched.rows);
  expect(idsOf(source, client.counts(1))).toEqual(bySql.toSorted());
  client.applied(1, once.rows);
  expect(idsOf(source, client.counts(1))).toEqual(bySql.toSorted());
  return bySql.toSorted();
}

function idsOf(source: TestSource, counts: ReadonlyMap<string, number>): number[] {
  const { layout } = source.table('letter');
  return [...counts]
    .flatMap(([key, count]) => {
      const bytes = new Uint8Array(Buffer.from(key.split(' ')[1] ?? '', 'hex'));
      return Array<number>(count).fill(Number(layout.value(bytes, 0)));
    })
    .toSorted();
}

function idOf(row: unknown): number {
  return Number((row as readonly unknown[])[0]);
}

describe('a table with rules', () => {
  test('shows each caller the rows of a rule, and its owner everything', () => {
    const source = letters(OWN);
    source.insert('letter', 1, [ANN], 0);
    source.insert('letter', 2, [BEN], 0);
    expect(seenBy(source, ANN)).toEqual([1]);
    expect(seenBy(source, BEN)).toEqual([2]);
    expect(seenBy(source, 99n)).toEqual([]);
    expect(seenBy(source, OWNER)).toEqual([1, 2]);
  });

  test('shows a row once for each partner in a private table that a rule joins', () => {
    const source = letters(OF_MY_GROUPS);
    source.insert('letter', 1, [BEN], 7);
    source.insert('letter', 2, [BEN], 8);
    source.insert('member', 1, [ANN], 7);
    expect(seenBy(source, ANN)).toEqual([1]);
    source.insert('member', 2, [ANN], 7);
    expect(seenBy(source, ANN)).toEqual([1, 1]);
  });

  test('shows the rows that any of its rules shows', () => {
    const source = letters(OWN, OF_MY_GROUPS);
    source.insert('letter', 1, [ANN], 0);
    source.insert('letter', 2, [BEN], 7);
    source.insert('letter', 3, [BEN], 8);
    source.insert('member', 1, [ANN], 7);
    expect(seenBy(source, ANN)).toEqual([1, 2]);
    expect(seenBy(source, ANN, 'SELECT * FROM letter WHERE grp = 7')).toEqual([2]);
  });

  test('shows no more through a join, on either side', () => {
    const source = letters(OWN);
    source.insert('letter', 1, [ANN], 0);
    source.insert('letter', 2, [BEN], 0);
    source.insert('stamp', 1, 5);
    source.insert('stamp', 2, 5);
    const join = 'letter JOIN stamp ON stamp.letter = letter.id';
    expect(seenBy(source, ANN, `SELECT letter.* FROM ${join}`)).toEqual([1]);
    const stamps = runStatement(source, `SELECT stamp.* FROM ${join}`, { identity: ANN }, new SystemVariables());
    expect(stamps.rows).toHaveLength(1);
  });

  test('is counted and limited as it is shown', () => {
    const source = letters(OWN, OF_MY_GROUPS);
    for (let id = 1; id <= 4; id++) source.insert('letter', id, [id < 4 ? ANN : BEN], 0);
    const ask = (sql: string) => runStatement(source, sql, { identity: ANN }, new SystemVariables());
    const count = ask('SELECT COUNT(*) AS n FROM letter');
    expect(count.rows.map(row => source.decode(count, row))).toEqual([[3n]]);
    expect(ask('SELECT id FROM letter LIMIT 2').rows).toHaveLength(2);
  });

  test('applies the rules of the tables that its rules read, but not its own a second time', () => {
    const open = 'SELECT * FROM member WHERE grp < 10';
    const own = 'SELECT a.* FROM letter a JOIN letter b ON a.grp = b.grp WHERE b.owner = :sender';
    const source = letters(OF_MY_GROUPS, open);
    source.insert('letter', 1, [BEN], 7);
    source.insert('letter', 2, [BEN], 70);
    source.insert('member', 1, [ANN], 7);
    source.insert('member', 2, [ANN], 70);
    expect(seenBy(source, ANN)).toEqual([1]);
    const shared = letters(own);
    shared.insert('letter', 1, [BEN], 7);
    shared.insert('letter', 2, [ANN], 7);
    shared.insert('letter', 3, [BEN], 8);
    expect(seenBy(shared, ANN)).toEqual([1, 2]);
  });

  test('cannot be watched through a join if a rule already joins it, but can be read', () => {
    const source = letters(OF_MY_GROUPS);
    const sql = 'SELECT letter.* FROM letter JOIN stamp ON stamp.letter = letter.id';
    const client = new CountingClient(ANN, name => source.table(name));
    const answer = new Subscriptions<CountingClient>(source).subscribe(client, 1, [sql]);
    expect(answer).toEqual({ error: `Invalid number of tables in subscription: 3, executing: \`${sql}\`` });
    expect(refusalOf(() => runStatement(source, sql, { identity: ANN }, new SystemVariables()))).toBe('accepted');
  });

  test('of events sends each caller the events that a rule shows', () => {
    const source = letters('SELECT * FROM knock WHERE owner = :sender');
    const subscriptions = new Subscriptions<CountingClient>(source);
    const clients = [ANN, BEN, OWNER].map(identity => new CountingClient(identity, name => source.table(name)));
    for (const client of clients) subscriptions.subscribe(client, 1, ['SELECT * FROM knock']);
    for (const client of clients) client.applied(1, []);
    source.onCommit = commit => {
      for (const [client, updates] of subscriptions.publish(commit)) client.updated(updates);
    };
    for (const [at, owner] of [ANN, BEN, ANN].entries()) source.insert('knock', [owner], at);
    expect(clients.map(({ events }) => events.length)).toEqual([2, 1, 3]);
  });

  test('is completely visible to the query of a view', () => {
    const source = letters(OWN);
    source.insert('letter', 1, [ANN], 0);
    source.insert('letter', 2, [BEN], 0);
    const [view] = source.def.views;
    const query = view && compileViewQuery(source, view, 'SELECT * FROM letter', ANN);
    expect(query?.rows()).toHaveLength(2);
  });

  test('is not visible by a rule that no row satisfies', () => {
    const source = letters('SELECT * FROM letter WHERE FALSE');
    source.insert('letter', 1, [ANN], 0);
    expect(seenBy(source, ANN)).toEqual([]);
  });
});

describe('a rule is refused by name', () => {
  test.each([
    ['for an unknown table', 'SELECT * FROM nowhere', 'no such table: `nowhere`'],
    ['for an unknown column', 'SELECT * FROM letter WHERE colour = 1', '`colour` is not in scope'],
    ['for columns', 'SELECT id FROM letter', 'Column projections are not supported'],
    ['for a write', 'DELETE FROM letter', 'Unsupported: Non-SELECT queries'],
  ])('%s', (_why, rule, text) => {
    const { def } = letters(OWN, rule);
    expect(() => rowRulesOf(def)).toThrow(HostError);
    expect(() => rowRulesOf(def)).toThrow(`the row-level rule \`${rule}\` cannot be kept: ${text}`);
  });

  test('if rules of two tables depend on each other', () => {
    const { def } = letters(
      OF_MY_GROUPS,
      'SELECT member.* FROM member JOIN letter ON letter.grp = member.grp WHERE letter.id = 1',
    );
    expect(() => rowRulesOf(def)).toThrow('need each other: letter → member → letter');
  });
});

test('after any writes, each caller has received exactly the rows that the rules show it', () => {
  const small = fc.nat(3);
  const change = fc.record({
    table: fc.constantFrom('letter' as const, 'member' as const),
    id: small,
    who: fc.constantFrom(ANN, BEN),
    grp: fc.nat(2),
    removes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 20 }), commits => {
      const source = letters(OWN, OF_MY_GROUPS);
      const subscriptions = new Subscriptions<CountingClient>(source);
      const clients = [ANN, BEN, OWNER].map(identity => new CountingClient(identity, name => source.table(name)));
      for (const client of clients) {
        const answer = subscriptions.subscribe(client, 1, ['SELECT * FROM letter']);
        if ('rows' in answer) client.applied(1, answer.rows);
      }
      source.onCommit = commit => {
        for (const [client, updates] of subscriptions.publish(commit)) client.updated(updates);
      };
      for (const changes of commits) {
        source.write(undefined, tx => {
          for (const { table: name, id, who, grp, removes } of changes) {
            const table = source.table(name);
            const bytes = source.row(name, id, [who], grp);
            const [key] = table.indexes.filter(index => index.isUnique);
            const old = key?.first(key.keyOf(bytes));
            if (old) tx.deleteRow(table, old);
            if (!removes) tx.insert(table, bytes);
          }
        });
        const all = (name: string) =>
          [...source.table(name).rows()].map(row => {
            const [id, who, grp] = source.values(source.table(name), row.bytes) as [number, [bigint], number];
            return { id, who: who[0], grp };
          });
        for (const client of clients) {
          const shown = all('letter').flatMap(letter => {
            if (client.identity === OWNER) return [letter.id];
            const groups = all('member').filter(member => member.who === client.identity && member.grp === letter.grp);
            return Array<number>(groups.length + (letter.who === client.identity ? 1 : 0)).fill(letter.id);
          });
          expect(idsOf(source, client.counts(1))).toEqual(shown.toSorted());
        }
      }
    }),
    { numRuns: 200 },
  );
});

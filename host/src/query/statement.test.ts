// Statements of HTTP SQL beyond the recorded ones.

import { describe, expect, test } from 'vitest';
import { parseSql } from './parser.ts';
import { OWNER_QUERY_LIMITS, QueryBudget } from './query-budget.ts';
import { SystemVariables } from './source.ts';
import { runStatement } from './statement.ts';
import { ANN, OWNER, probeSource, refusalOf, type TestSource } from './testing/test-source.ts';

describe('HTTP SQL', () => {
  const variables = new SystemVariables();
  const owner = { identity: OWNER };

  function filled(): TestSource {
    const source = probeSource();
    source.insert('team', 1, 'red');
    source.insert('team', 2, 'blue');
    for (const [name, age, team] of [
      ['Ada', 36, 1],
      ['Bob', 20, 1],
      ['Cid', 20, 2],
    ] as const) {
      source.insert('person', 0, name, age, team);
    }
    return source;
  }

  function rowsOf(source: TestSource, sql: string): unknown[] {
    const { schema, typespace, rows } = runStatement(source, sql, owner, variables);
    return rows.map(bytes => source.decode({ schema, typespace }, bytes));
  }

  test('supports any number of joins, with columns, counts and limits', () => {
    const source = filled();
    const join = 'FROM person p JOIN team t ON p.team_id = t.id JOIN person q ON q.age = p.age';
    expect(rowsOf(source, `SELECT p.name, q.name AS twin ${join} WHERE p.id <> q.id`)).toEqual([
      ['Bob', 'Cid'],
      ['Cid', 'Bob'],
    ]);
    expect(rowsOf(source, `SELECT COUNT(*) AS n ${join}`)).toEqual([[5n]]);
    expect(rowsOf(source, 'SELECT t.title FROM person p JOIN team t WHERE t.id = p.team_id LIMIT 1')).toEqual([
      ['red'],
    ]);
    expect(rowsOf(source, 'SELECT COUNT(*) AS n FROM person LIMIT 0')).toEqual([]);
    expect(rowsOf(source, "SELECT name FROM person WHERE name = 'Bob' AND team_id = 1")).toEqual([['Bob']]);
  });

  test('an update changes the rows it finds in one step', () => {
    const source = filled();
    const { stats, commit } = runStatement(
      source,
      'UPDATE person SET age = 21, team_id = 9 WHERE age = 20',
      owner,
      variables,
    );
    expect(stats).toEqual({ rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 2 });
    expect(commit?.changes).toHaveLength(1);
    expect(rowsOf(source, 'SELECT COUNT(*) AS n FROM person WHERE team_id = 9')).toEqual([[2n]]);
  });

  test('a row that cannot be inserted rolls back the whole statement', () => {
    const source = filled();
    const sql = "INSERT INTO team (title, id) VALUES ('new', 5), ('again', 1)";
    expect(refusalOf(() => runStatement(source, sql, owner, variables))).toBe(
      `IndexError: Unique constraint violation 'team_id_idx_btree' in table 'team': column(s): '["id"]' value: 1`,
    );
    expect(rowsOf(source, 'SELECT COUNT(*) AS n FROM team')).toEqual([[2n]]);
  });

  test.each([
    ["INSERT INTO team (id, name) VALUES (1, 'x')", '`team` does not have a field `name`'],
    ['INSERT INTO team (id, id) VALUES (1, 1)', 'Duplicate name `id`'],
    ['INSERT INTO team (id, title) VALUES (1)', 'Inserting a row with 1 values into `team` which has 2 fields'],
    ['INSERT INTO team (id, title) VALUES (1, title)', 'Unsupported INSERT value: title)'],
    ['INSERT INTO team (id, title) SELECT 1', 'Unsupported INSERT expression: SELECT 1'],
    ['INSERT INTO my_mail (id) VALUES (1)', '`my_mail` is a view; DML on views is not supported'],
    ['UPDATE team SET id = id', 'Unsupported column/variable assignment expression: id'],
    ['UPDATE team SET nope = 1', '`team` does not have a field `nope`'],
    ['DELETE FROM team, person', 'Multi-table DELETE is not supported'],
    ['DELETE FROM nowhere', 'no such table: `nowhere`. If the table exists, it may be marked private.'],
    ['SET nonsense = 1', 'nonsense is not a valid system variable'],
    ["SET row_limit = 'x'", 'Unexpected type: (expected) U64 != String (inferred)'],
    ['SELECT name, age AS name FROM person', 'Duplicate name `name`'],
    ["SELECT * FROM person LIMIT 'x'", "Unsupported LIMIT expression: 'x'"],
    ['SELECT * FROM person LIMIT 1.5', 'The literal expression `1.5` cannot be parsed as type `U64`'],
  ])('%s is refused', (sql, text) => {
    expect(refusalOf(() => runStatement(filled(), sql, owner, variables))).toBe(text);
  });

  test('a join that would take too long is aborted', () => {
    const source = probeSource();
    source.write(undefined, tx => {
      for (let k = 0; k < 200; k++) tx.insert(source.table('unindexed'), source.row('unindexed', k, k));
    });
    const join = 'FROM unindexed a JOIN unindexed b JOIN unindexed c';
    const budget = new QueryBudget({ ...OWNER_QUERY_LIMITS, maxQueryRows: 5_000_000 });
    expect(refusalOf(() => runStatement(source, `SELECT COUNT(*) AS n ${join}`, owner, variables, budget))).toBe(
      'The query reads more than 5000000 rows: ask for fewer rows',
    );
    expect(rowsOf(source, `SELECT a.id ${join} WHERE a.id = 7 AND b.id = a.other AND c.id = b.other`)).toEqual([[7]]);
  });

  test('a row limit applies to every caller except the owner', () => {
    const source = filled();
    const own = new SystemVariables();
    runStatement(source, 'SET row_limit TO 2', owner, own);
    expect(runStatement(source, 'SHOW row_limit', owner, own).rows).toHaveLength(1);
    const ann = { identity: ANN };
    expect(refusalOf(() => runStatement(source, 'SELECT * FROM person', ann, own))).toBe(
      'Estimated cardinality (3 rows) exceeds limit (2 rows)',
    );
    expect(refusalOf(() => runStatement(source, 'SELECT * FROM person WHERE id = 1', ann, own))).toBe('accepted');
    expect(refusalOf(() => runStatement(source, 'SELECT * FROM person', owner, own))).toBe('accepted');
  });

  test('the first word decides the kind of a statement', () => {
    expect(parseSql("DELETE FROM t WHERE a = 'x'").kind).toBe('delete');
    expect(parseSql('SET row_limit = 5')).toEqual({
      kind: 'set',
      name: 'row_limit',
      value: { kind: 'number', text: '5' },
    });
  });
});

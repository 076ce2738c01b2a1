// What is accepted, what is refused, and in which words; what was recorded from a real server is in recorded-sql.test.ts.

import { describe, expect, test } from 'vitest';
import { parseSql, parseSubscription } from './parser.ts';
import { compileWatchedQuery, runQuery } from './query.ts';
import { QueryError } from './query-error.ts';
import { callerScope } from './scope.ts';
import { SystemVariables } from './source.ts';
import { runStatement } from './statement.ts';
import {
  ANN,
  CONNECTION_ID,
  DURATION,
  IDENTITY,
  OWNER,
  probeSource,
  TestSource,
  TIMESTAMP,
  UUID,
} from './test-source.ts';

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown.message;
    throw thrown;
  }
  return 'accepted';
}

describe('the subscription grammar', () => {
  const source = probeSource();

  test.each([
    'SELECT * FROM person',
    'select * from person',
    '  SELECT\n*\tFROM "person" -- everybody\n;',
    'SELECT /* all /* of */ it */ * FROM person',
    'SELECT "person".* FROM "person" WHERE ("person"."age" = 5) AND ("person"."name" <> \'x\')',
    'SELECT p.* FROM person AS p WHERE 5 < p.age',
    'SELECT p.* FROM person p INNER JOIN team t ON p.teamId = t.id WHERE t.title = p.name',
    'SELECT p.* FROM person p CROSS JOIN team t',
    'SELECT p.* FROM person p JOIN team t WHERE p.team_id = t.id',
    'SELECT * FROM person WHERE TRUE',
    'SELECT * FROM person WHERE TRUE = FALSE',
    'SELECT * FROM person WHERE (age = 1) = TRUE',
    'SELECT * FROM person WHERE age = 1 = TRUE',
    'SELECT * FROM naming WHERE snake_case',
    'SELECT * FROM naming WHERE snake_case = TRUE AND camelCase = camel_case',
    'SELECT * FROM my_mail WHERE owner = :sender',
    'SELECT * FROM person WHERE name = :sender',
    'SELECT * FROM person WHERE age = +3 OR age = .1e1 OR age = 2.',
    "SELECT * FROM person WHERE name = ''''",
  ])('accepts %s', sql => {
    expect(refusalOf(() => runQuery(source, sql, ANN))).toBe('accepted');
  });

  test.each([
    ['', 'Empty SQL query'],
    [' ; ', 'Empty SQL query'],
    ['SELECT', 'sql parser error: Expected: an expression'],
    ['SELECT *', 'A FROM clause is required'],
    ['SELECT * FROM', 'sql parser error: Expected: identifier, found: EOF at Line: 1, Column: 14'],
    ['SELECT * FROM person WHERE', 'sql parser error: Expected: an expression, found: EOF'],
    ['SELECT * FROM person WHERE age =', 'sql parser error: Expected: an expression, found: EOF'],
    ['SELECT * FROM person WHERE (age = 1', 'sql parser error: Expected: ), found: EOF'],
    ['SELECT * FROM person age = 1', 'sql parser error: Expected: end of statement, found: ='],
    ["SELECT * FROM person WHERE name = 'x", 'sql parser error: Unterminated string literal at Line: 1, Column: 35'],
    ['SELECT * FROM "person', 'sql parser error: Unterminated quoted identifier'],
    ['SELECT * FROM person /* x', 'sql parser error: Unexpected EOF while in a multi-line comment'],
    ['SELECT * FROM person; SELECT * FROM person', 'Multiple SQL statements are not supported'],
    ["INSERT INTO team (id, title) VALUES (1, 'x')", 'Unsupported: Non-SELECT queries'],
    ['SHOW row_limit', 'Unsupported: Non-SELECT queries'],
    ['DROP TABLE person', 'Unsupported: DROP TABLE person'],
    ['WITH x AS (SELECT 1) SELECT * FROM x', 'Unsupported: WITH'],
    ['SELECT DISTINCT * FROM person', 'Unsupported SELECT: SELECT DISTINCT'],
    ['SELECT * FROM person LIMIT 5', 'Unsupported: SELECT * FROM person LIMIT 5'],
    ['SELECT * FROM person ORDER BY age', 'Unsupported: '],
    ['SELECT * FROM person GROUP BY age', 'Unsupported: '],
    ['SELECT * FROM person UNION SELECT * FROM person', 'Unsupported set operation: '],
    ['SELECT * FROM (SELECT * FROM person)', 'Unsupported FROM expression: '],
    ['SELECT * FROM f(1)', 'Unsupported FROM expression: f(1)'],
    ['SELECT * FROM person, team', 'Implicit joins are not supported'],
    ['SELECT p.* FROM person p LEFT JOIN team t ON p.team_id = t.id', 'Non-inner joins are not supported'],
    ['SELECT p.* FROM person p NATURAL JOIN team', 'Non-inner joins are not supported'],
    ['SELECT p.* FROM person p JOIN team t USING (id)', 'Non-column join constraints are not supported'],
    ['SELECT p.* FROM person p JOIN team t ON p.team_id > t.id', 'Non-column join constraints are not supported'],
    ['SELECT p.* FROM person p JOIN team t ON p.team_id = 1', 'Non-column join constraints are not supported'],
    ['SELECT * FROM person WHERE NOT (age = 1)', 'Unsupported expression: NOT (age = 1)'],
    ['SELECT * FROM person WHERE age IS NULL', 'Unsupported expression: age IS NULL'],
    ['SELECT * FROM person WHERE lower(name) = 1', 'Unsupported expression: lower(name)'],
    ['SELECT * FROM person WHERE age = NULL', 'Unsupported literal expression: NULL'],
    ['SELECT * FROM person WHERE age = $1', 'Unsupported literal expression: $1'],
    ["SELECT * FROM person WHERE name = E'x'", "Unsupported literal expression: E'x'"],
    ['SELECT * FROM person WHERE age * 2 = 4', 'Unsupported binary operator: *'],
    ['SELECT * FROM person WHERE name || name = name', 'Unsupported binary operator: ||'],
    ['SELECT * FROM person WHERE 1 = 1', 'Cannot resolve type for literal expression'],
    ['SELECT * FROM person WHERE age = TRUE', 'Unexpected type: (expected) Bool != U8 (inferred)'],
    ['SELECT * FROM person WHERE age AND TRUE', 'Unexpected type: (expected) U8 != Bool (inferred)'],
    ['SELECT * FROM person WHERE (age = 1) = age', 'Unexpected type: (expected) U8 != Bool (inferred)'],
    ['SELECT * FROM person WHERE 7', 'The literal expression `7` cannot be parsed as type `Bool`'],
    ['SELECT * FROM person p WHERE person.age = 1', '`person` is not in scope'],
    ['SELECT person.* FROM person p', '`person` is not in scope'],
    ['SELECT * FROM myMail WHERE nope = 1', '`nope` is not in scope'],
    ['SELECT * FROM person WHERE name = age', 'Unexpected type: (expected) U8 != String (inferred)'],
    ['SELECT p.* FROM person p JOIN team p ON p.team_id = p.id', 'Duplicate name `p`'],
    ['SELECT *, age FROM person', 'Mixed wildcard projections are not supported'],
    ['SELECT age, person.* FROM person', 'Mixed wildcard projections are not supported'],
    ['SELECT 1 FROM person', 'Unsupported projection expression: 1'],
    ['SELECT age + 1 FROM person', 'Unsupported projection expression: age + 1'],
    [
      'SELECT p.* FROM person p JOIN team t ON p.team_id = t.id WHERE age = 1',
      'Names must be qualified when using joins',
    ],
    ['SELECT * FROM person JOIN team ON person.team_id = team.id', 'SELECT * is not supported for joins'],
  ])('refuses %s', (sql, text) => {
    expect(refusalOf(() => runQuery(source, sql, ANN)).slice(0, text.length)).toBe(text);
  });

  test('a text is bounded in length, depth and number of operands', () => {
    const long = `SELECT * FROM person WHERE name = '${'x'.repeat(50_000)}'`;
    expect(refusalOf(() => parseSubscription(long))).toBe(
      `SQL query exceeds maximum allowed length: "${long.slice(0, 120)}..."`,
    );
    const deep = `SELECT * FROM person WHERE ${'('.repeat(20_000)}age = 1${')'.repeat(20_000)}`;
    expect(refusalOf(() => parseSubscription(deep))).toBe('sql parser error: recursion limit exceeded');
    const wide = `SELECT * FROM person WHERE ${'age=1 OR '.repeat(5_000)}age=1`;
    expect(refusalOf(() => parseSubscription(wide))).toContain('Recursion limit exceeded');
    const most = `SELECT * FROM person WHERE ${'age=1 OR '.repeat(700)}age=1`;
    expect(refusalOf(() => runQuery(source, most, ANN))).toBe('accepted');
  });

  test('what is hidden is refused like what is unknown, and the owner sees it', () => {
    for (const name of ['secret', 'mail', 'nowhere']) {
      const text = `no such table: \`${name}\`. If the table exists, it may be marked private.`;
      expect(refusalOf(() => runQuery(source, `SELECT * FROM ${name}`, ANN))).toBe(text);
    }
    expect(refusalOf(() => runQuery(source, 'SELECT * FROM secret', OWNER))).toBe('accepted');
  });

  test.each([
    ['SELECT p.* FROM person p JOIN team t ON p.team_id = t.id', 'accepted'],
    ['SELECT p.* FROM person p JOIN person q ON p.team_id = q.team_id', 'accepted'],
    ['SELECT person.* FROM person JOIN adults ON person.id = adults.id', 'accepted'],
    ['SELECT team.* FROM happening JOIN team ON happening.n = team.id', 'accepted'],
    [
      'SELECT team.* FROM team JOIN happening ON happening.n = team.id',
      'Event tables cannot be used as the lookup table in subscription joins',
    ],
    ['SELECT p.* FROM person p JOIN team t', 'Subscriptions require indexes on join columns'],
    ['SELECT p.* FROM person p JOIN team t ON p.team_id = p.id', 'Subscriptions require indexes on join columns'],
    [
      'SELECT p.* FROM person p JOIN unindexed u ON p.team_id = u.other',
      'Subscriptions require indexes on join columns',
    ],
    [
      'SELECT p.* FROM person p JOIN team t ON p.team_id = t.id JOIN team u ON u.id = t.id',
      'Invalid number of tables in subscription: 3',
    ],
    [
      'SELECT age FROM person',
      'Column projections are not supported in subscriptions; Subscriptions must return a table type',
    ],
  ])('to be watched, %s is %s', (sql, text) => {
    expect(refusalOf(() => compileWatchedQuery(sql, callerScope(source, ANN)))).toBe(text);
  });

  test('a table of a submodule is named with a point', () => {
    const lib = new TestSource({ 'lib.thing': { name: 'lib.thing', columns: { id: 'u32' }, unique: ['id'] } });
    for (const sql of [
      'SELECT * FROM "lib"."thing" WHERE "lib"."thing"."id" = 1',
      'SELECT lib.thing.* FROM lib.thing',
    ]) {
      expect(refusalOf(() => runQuery(lib, sql, ANN))).toBe('accepted');
    }
  });
});

describe('literals', () => {
  const source = new TestSource({
    zoo: {
      columns: {
        b: 'bool',
        small: 'i8',
        big: 'u64',
        huge: 'i128',
        widest: 'u256',
        f: 'f32',
        d: 'f64',
        s: 'string',
        bytes: { kind: 'array', element: { kind: 'u8' } },
        numbers: { kind: 'array', element: { kind: 'i16' } },
        who: IDENTITY,
        link: CONNECTION_ID,
        at: TIMESTAMP,
        span: DURATION,
        uuid: UUID,
        maybe: {
          kind: 'sum',
          variants: [
            { name: 'some', type: { kind: 'string' } },
            { name: 'none', type: { kind: 'product', elements: [] } },
          ],
        },
        point: {
          kind: 'product',
          elements: [
            { name: 'x', type: { kind: 'i32' } },
            { name: 'y', type: { kind: 'i32' } },
          ],
        },
      },
    },
  });
  source.insert(
    'zoo',
    true,
    -128,
    2n ** 64n - 1n,
    -(2n ** 127n),
    2n ** 256n - 1n,
    1.5,
    -2.25,
    'zoë',
    new Uint8Array([0, 1, 127]),
    [1],
    [ANN],
    [0x00112233445566778899aabbccddeeffn],
    [1_500_000_000_123_456n],
    [1n],
    [0x01890a5dac96774bbcceb302099a8057n],
    { tag: 1, value: [] },
    [1, 2],
  );

  test.each([
    'b = true',
    'b',
    'b <> FALSE',
    'small = -128',
    'small < -1.27e2',
    'big = 18446744073709551615',
    'big = 1844674407370955161500e-2',
    'big >= 0',
    'huge < 0',
    `widest = ${2n ** 256n - 1n}`,
    'widest > 1e70',
    'f = 1.5',
    'f < 1e40',
    "d = '-2.25'",
    'd <> 0',
    "s = 'zoë'",
    "s > 'zo'",
    'bytes = 0x00017f',
    "bytes = X'00017F'",
    'bytes > 0x0000ff',
    'who = :sender',
    `who = '0x${'0'.repeat(63)}2'`,
    'link = 0x00112233445566778899aabbccddeeff',
    "at = '2017-07-14T02:40:00.123456Z'",
    "at = '2017-07-14 04:40:00.123456789+02:00'",
    "at > '2017-07-13T23:59:59-01:00'",
    "uuid = '01890a5d-ac96-774b-bcce-b302099a8057'",
    'uuid = 0x01890a5dac96774bbcceb302099a8057',
    '-128 = small AND 0 > huge',
  ])('the row has %s', condition => {
    expect(runQuery(source, `SELECT * FROM zoo WHERE ${condition}`, ANN).rows).toHaveLength(1);
  });

  test.each([
    ['small = 128', '128', 'I8'],
    ['small = 0x10', '10', 'I8'],
    ['big = -1', '-1', 'U64'],
    ['big = 0.5', '0.5', 'U64'],
    ['big = 1e400000000', '1e400000000', 'U64'],
    ['big = 1e-400000000', '1e-400000000', 'U64'],
    ["big = ''", '', 'U64'],
    ["f = 'NaN'", 'NaN', 'F32'],
    ["b = 'true'", 'true', 'Bool'],
    ['bytes = 0x123', '123', 'Array<U8>'],
    ['numbers = 1', '1', 'Array<I16>'],
    ['who = 0x00', '00', '(__identity__: U256)'],
    ["at > '2017-07-14'", '2017-07-14', '(__timestamp_micros_since_unix_epoch__: I64)'],
    ["at > '2017-02-30T00:00:00Z'", '2017-02-30T00:00:00Z', '(__timestamp_micros_since_unix_epoch__: I64)'],
    ['span = 1', '1', '(__time_duration_micros__: I64)'],
    ["maybe = 'yes'", 'yes', '(some: String | none: ())'],
    ['point = 1', '1', '(x: I32, y: I32)'],
  ])('%s is refused', (condition, literal, type) => {
    expect(refusalOf(() => runQuery(source, `SELECT * FROM zoo WHERE ${condition}`, ANN))).toBe(
      `The literal expression \`${literal}\` cannot be parsed as type \`${type}\``,
    );
  });

  test('columns of a type without order are not compared', () => {
    expect(refusalOf(() => runQuery(source, 'SELECT * FROM zoo WHERE maybe = maybe', ANN))).toBe(
      'Invalid binary operator `=` for type `(some: String | none: ())`',
    );
  });
});

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

  test('joins of any number, with columns, counts and limits', () => {
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

  test('an update changes the rows it finds, all at once', () => {
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

  test('a row that cannot be inserted takes the whole statement back', () => {
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

  test('a row limit binds everybody but the owner', () => {
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

  test('statements are told from each other by their first word', () => {
    expect(parseSql("DELETE FROM t WHERE a = 'x'").kind).toBe('delete');
    expect(parseSql('SET row_limit = 5')).toEqual({
      kind: 'set',
      name: 'row_limit',
      value: { kind: 'number', text: '5' },
    });
  });
});

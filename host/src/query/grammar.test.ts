// Accepted and refused texts, with the sentences of refusals; recorded-sql.test.ts has the cases recorded from a real server.

import { describe, expect, test } from 'vitest';
import { parseSubscription } from './parser.ts';
import { compileWatchedQueries, runQuery } from './query.ts';
import { callerScope } from './scope.ts';
import { ANN, OWNER, probeSource, refusalOf, TestSource } from './testing/test-source.ts';

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

  test('a hidden name is refused like an unknown one, and visible to the owner', () => {
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
    expect(refusalOf(() => compileWatchedQueries(sql, callerScope(source, ANN)))).toBe(text);
  });

  test('a table of a submodule has a dotted name', () => {
    const lib = new TestSource({ 'lib.thing': { name: 'lib.thing', columns: { id: 'u32' }, unique: ['id'] } });
    for (const sql of [
      'SELECT * FROM "lib"."thing" WHERE "lib"."thing"."id" = 1',
      'SELECT lib.thing.* FROM lib.thing',
    ]) {
      expect(refusalOf(() => runQuery(lib, sql, ANN))).toBe('accepted');
    }
  });
});

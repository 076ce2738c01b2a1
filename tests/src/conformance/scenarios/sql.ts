// SQL, as one-off queries and over HTTP.

import type { Value } from '../bsatn.ts';
import type { Session } from '../session.ts';

export async function sql(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  const ann = await s.identity('ann');
  await s.start('probe', owner);
  const a = await s.connect('a', { as: ann });
  await a.call('add_team', ['u32', 1], ['string', "o'hara"]);
  await a.call('add_team', ['u32', 2], ['string', 'blue']);
  await a.call('add_person', ['string', 'Ada'], ['u8', 36], ['u32', 1]);
  await a.call('add_person', ['string', 'Bob'], ['u8', 20], ['u32', 2]);
  const show = (body: string) => {
    const sets = JSON.parse(body) as Record<string, Value>[];
    return sets.map(({ total_duration_micros: _duration, ...rest }) => rest);
  };
  const both = [
    'SELECT * FROM person',
    'select * from person where age > 30',
    'SELECT person.* FROM person',
    'SELECT p.* FROM person p WHERE p.age <> 20',
    'SELECT p.* FROM person AS p WHERE p.age != 20',
    'SELECT * FROM "person" WHERE "person"."age" = 36',
    'SELECT * FROM PERSON',
    'SELECT * FROM person WHERE Age = 36',
    "SELECT * FROM team WHERE title = 'o''hara'",
    'SELECT * FROM team WHERE title = "blue"',
    'SELECT * FROM person WHERE age = 36 AND team_id = 1 OR age = 20',
    'SELECT * FROM person WHERE (age = 36 OR age = 20) AND team_id = 2',
    'SELECT * FROM person WHERE NOT (age = 36)',
    'SELECT * FROM person WHERE age IN (20, 36)',
    "SELECT * FROM person WHERE name LIKE 'A%'",
    'SELECT * FROM person WHERE age BETWEEN 1 AND 30',
    'SELECT * FROM person WHERE age IS NULL',
    'SELECT * FROM person WHERE TRUE',
    'SELECT * FROM person WHERE age',
    'SELECT * FROM person WHERE age = 256',
    'SELECT * FROM person WHERE age = -1',
    'SELECT * FROM person WHERE age = 3.6e1',
    'SELECT * FROM person WHERE age = 36.5',
    "SELECT * FROM person WHERE age = '36'",
    'SELECT * FROM person WHERE name = 36',
    'SELECT * FROM person WHERE age = team_id',
    'SELECT * FROM person WHERE id = team_id',
    'SELECT * FROM person WHERE age + 1 = 37',
    'SELECT * FROM person ORDER BY age',
    'SELECT * FROM person LIMIT 0',
    'SELECT * FROM person LIMIT 2',
    'SELECT DISTINCT * FROM person',
    'SELECT name FROM person',
    'SELECT name AS n, age FROM person',
    'SELECT COUNT(*) FROM person',
    'SELECT COUNT(*) AS n FROM person',
    'SELECT COUNT(*) AS n FROM person WHERE age > 30',
    'SELECT SUM(age) AS n FROM person',
    'SELECT * FROM person, team',
    'SELECT person.* FROM person LEFT JOIN team ON person.team_id = team.id',
    'SELECT person.name, team.title FROM person JOIN team ON person.team_id = team.id',
    'SELECT * FROM mail WHERE owner = :sender',
    'SELECT * FROM person WHERE id = :nonsense',
    'SELECT * FROM my_mail WHERE owner = 0x00',
    'SELECT * FROM secret',
    'SELECT * FROM nowhere',
    'SELECT * FROM person; SELECT * FROM team',
    'SELECT * FROM person;',
    '',
    'nonsense',
    'SELECT * FROM (SELECT * FROM person)',
    'SELECT * FROM signedKeys',
    'SELECT * FROM person WHERE teamId = 1',
    'SELECT team_id FROM person WHERE teamId = 1',
    'SELECT * FROM KeptAsIs',
    'SELECT * FROM keptasis',
    'EXPLAIN SELECT * FROM person',
  ];
  for (const sql of both) {
    s.step(`both: ${sql}`);
    await a.query(sql);
    await s.sql(sql, ann, { show });
  }
  for (const sql of [
    'SELECT * FROM secret',
    "INSERT INTO team (id, title) VALUES (7, 'seven')",
    "INSERT INTO team VALUES (8, 'eight')",
    'INSERT INTO team (id) VALUES (9)',
    "INSERT INTO team (id, title) VALUES (10, 'ten'), (11, 'eleven')",
    "INSERT INTO team (id, title) VALUES (7, 'again')",
    "INSERT INTO person (id, name, age, team_id) VALUES (0, 'Sql', 1, 1)",
    "INSERT INTO person (id, name, age, team_id) VALUES (0, 'Sql', 300, 1)",
    "UPDATE team SET title = 'x' WHERE id = 7",
    'UPDATE team SET id = 8 WHERE id = 10',
    'DELETE FROM team WHERE id = 11',
    'DELETE FROM team',
    'SELECT * FROM team',
    'SHOW row_limit',
    'SET row_limit = 1',
    'CREATE TABLE x (id INT)',
    'DROP TABLE team',
  ]) {
    s.step(`owner: ${sql}`);
    await s.sql(sql, owner, { show });
  }
  s.step('not the owner');
  await s.sql("INSERT INTO team (id, title) VALUES (70, 'seven')", ann, { show });
  await s.sql('DELETE FROM team', ann, { show });
  await s.sql('SELECT * FROM person', ann, { show });
}

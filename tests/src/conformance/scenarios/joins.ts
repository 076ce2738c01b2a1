// Subscriptions over two tables.

import type { Session } from '../session.ts';

export async function joins(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  const b = await s.connect('b');
  const team = (id: number, title: string) => b.call('add_team', ['u32', id], ['string', title]);
  const person = (name: string, age: number, t: number) =>
    b.call('add_person', ['string', name], ['u8', age], ['u32', t]);
  await team(1, 'red');
  await person('Ada', 36, 1);
  await person('Bob', 20, 1);
  await person('Cid', 20, 2);
  s.step('people with a team');
  await a.subscribe(1, 'SELECT person.* FROM person JOIN team ON person.team_id = team.id');
  s.step('teams with people: one row for each derivation');
  await a.subscribe(2, 'SELECT team.* FROM person JOIN team ON person.team_id = team.id');
  s.step('with a condition');
  await a.subscribe(3, "SELECT p.* FROM person p JOIN team t ON p.team_id = t.id WHERE t.title = 'red' AND p.age > 30");
  s.step('the partner arrives');
  await team(2, 'blue');
  s.step('another on the many side arrives');
  await person('Dan', 31, 2);
  s.step('a row changes partner');
  await b.call('move_team', ['u32', 1], ['u32', 2]);
  s.step('a row changes and keeps its partner');
  await b.call('set_age', ['u32', 2], ['u8', 40]);
  s.step('the partner leaves');
  await b.call('remove_team', ['u32', 1]);
  s.step('a row leaves');
  await b.call('remove_person', ['u32', 1]);
  s.step('unsubscribe gives the derivations back');
  await a.unsubscribe(2, 1);
  s.step('join without an index');
  await a.subscribe(10, 'SELECT person.* FROM person JOIN unindexed ON person.age = unindexed.other');
  await a.subscribe(11, 'SELECT person.* FROM person JOIN unindexed ON person.team_id = unindexed.other');
  s.step('three tables');
  await a.subscribe(12, 'SELECT p.* FROM person p JOIN team t ON p.team_id = t.id JOIN loose l ON l.a = t.id');
  s.step('star with a join');
  await a.subscribe(13, 'SELECT * FROM person JOIN team ON person.team_id = team.id');
  s.step('unqualified column in a join');
  await a.subscribe(14, 'SELECT person.* FROM person JOIN team ON team_id = team.id');
  s.step('join with a private table');
  await a.subscribe(15, 'SELECT person.* FROM person JOIN secret ON person.team_id = secret.id');
  s.step('join with itself');
  await a.subscribe(16, 'SELECT p.* FROM person p JOIN person q ON p.team_id = q.team_id');
  s.step('join over an event table');
  await a.subscribe(17, 'SELECT team.* FROM happening JOIN team ON happening.n = team.id');
  await b.call('emit', ['string', 'x'], ['u32', 4]);
  s.step('no ON');
  await a.subscribe(18, 'SELECT person.* FROM person JOIN team');
  s.step('the same join as a one-off query');
  await a.query('SELECT team.* FROM person JOIN team ON person.team_id = team.id');
  await a.query('SELECT p.* FROM person p JOIN team t ON p.team_id = t.id JOIN loose l ON l.a = t.id');
}

// Query sets, their changes by a commit, and refused ones.

import type { Session } from '../session.ts';

export async function subscriptions(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  const b = await s.connect('b');
  const person = (name: string, age: number, team: number) =>
    [
      ['string', name],
      ['u8', age],
      ['u32', team],
    ] as const;
  s.step('an empty table');
  await a.subscribe(1, 'SELECT * FROM person');
  s.step('another client writes');
  await b.call('add_person', ...person('Ada', 36, 1));
  await b.call('add_person', ...person('Bob', 12, 1));
  await b.call('add_person', ...person('Cid', 50, 2));
  s.step('one query with rows');
  await b.subscribe(5, 'SELECT * FROM person WHERE team_id = 1');
  s.step('several queries, one over an empty table');
  await b.subscribe(6, 'SELECT * FROM person WHERE age >= 18', 'SELECT * FROM team', 'SELECT * FROM loose');
  s.step('the same query twice in one set');
  await b.subscribe(7, 'SELECT * FROM person', 'SELECT * FROM person');
  s.step('the same rows in several sets: an update');
  await a.call('set_age', ['u32', 1], ['u8', 37]);
  s.step('a row begins to match');
  await a.call('set_age', ['u32', 2], ['u8', 18]);
  s.step('a row ceases to match');
  await a.call('move_team', ['u32', 1], ['u32', 3]);
  s.step('an update to the same values');
  await a.call('update_identical', ['u32', 1]);
  s.step('deleted and inserted again, unchanged');
  await a.call('delete_and_reinsert', ['u32', 1]);
  s.step('inserted and deleted in one call');
  await a.call('insert_then_delete', ['string', 'ghost']);
  s.step('two updates of one row in one call');
  await a.call('two_updates', ['u32', 2]);
  s.step('the primary key itself changes');
  await s.sql("UPDATE person SET id = 90 WHERE name = 'Cid'", owner);
  s.step('a method that the library does not have');
  await a.call('renumber', ['string', 'Cid'], ['u32', 91]);
  s.step('delete');
  await a.call('remove_person', ['u32', 90]);
  s.step('no such table');
  await a.subscribe(10, 'SELECT * FROM nowhere');
  s.step('a private table');
  await a.subscribe(11, 'SELECT * FROM secret');
  s.step('an unknown column');
  await a.subscribe(12, 'SELECT * FROM person WHERE nothing = 1');
  s.step('one bad query refuses the whole set');
  await a.subscribe(13, 'SELECT * FROM team', 'SELECT * FROM nowhere');
  s.step('the refused set id can be used');
  await a.subscribe(13, 'SELECT * FROM team');
  s.step('an empty set');
  await a.subscribe(14);
  s.step('unsubscribe with rows');
  await b.unsubscribe(5, 1);
  s.step('unsubscribe without rows');
  await b.unsubscribe(6, 0);
  s.step('unsubscribe something unknown');
  await b.unsubscribe(99, 1);
  s.step('after unsubscribing only the other set hears');
  await a.call('add_person', ...person('Dora', 40, 1));
  s.step('a table without primary key is a set');
  await a.subscribe(20, 'SELECT * FROM loose', 'SELECT * FROM trace');
  await a.call('add_loose', ['u32', 1], ['string', 'x']);
  await a.call('add_loose', ['u32', 1], ['string', 'x']);
  await a.call('remove_loose', ['u32', 1], ['string', 'x']);
  await a.call('remove_loose', ['u32', 1], ['string', 'x']);
  s.step('event table');
  await b.subscribe(21, 'SELECT * FROM happening');
  await a.call('emit', ['string', 'boom'], ['u32', 2]);
  await b.query('SELECT * FROM happening');
  s.step('event table with a condition');
  await b.subscribe(22, 'SELECT * FROM happening WHERE n = 1');
  await a.call('emit', ['string', 'bang'], ['u32', 3]);
  s.step('every table');
  await b.subscribe(23, 'SELECT * FROM *');
  s.step('JavaScript spelling of a table');
  await a.subscribe(30, 'SELECT * FROM signedKeys');
  s.step('JavaScript spelling of a column');
  await a.subscribe(31, 'SELECT * FROM person WHERE teamId = 1');
  s.step('a table named by hand');
  await a.subscribe(32, 'SELECT * FROM KeptAsIs');
  await a.subscribe(33, 'SELECT * FROM naming');
  s.step('the owner subscribes to a private table');
  const o = await s.connect('owner', { as: owner });
  await o.subscribe(1, 'SELECT * FROM secret');
  await a.call('add_secret', ['u32', 1], ['string', 'hush']);
  s.step('a query set id in use: an error, and the connection and the old set go on');
  await a.subscribe(1, 'SELECT * FROM team');
  await b.call('set_age', ['u32', 1], ['u8', 38]);
}

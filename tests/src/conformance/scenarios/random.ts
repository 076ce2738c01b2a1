// A random walk with a seed: four clients write, subscribe, unsubscribe and query, one step at a time.

import type { Person, Session, SessionClient } from '../session.ts';

const SEED = 20261123;
const STEPS = 200;

export async function random(s: Session): Promise<void> {
  const next = createChance(SEED);
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[next(list.length)];
    if (picked === undefined) throw new Error('an empty list');
    return picked;
  };
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const people: Person[] = [];
  for (const name of ['ann', 'ben', 'cat', 'dan']) people.push(await s.identity(name));
  const clients: { client: SessionClient; sets: number[] }[] = [];
  for (const who of people) clients.push({ client: await s.connect(who.label, { as: who }), sets: [] });
  let nextSet = 1;
  const team = () => next(5);
  const person = () => 1 + next(12);
  // The whole list is made before one element is picked: the recording drew its numbers in that order.
  const where = () =>
    pick([
      '',
      ` WHERE age >= ${next(60)}`,
      ` WHERE team_id = ${team()}`,
      ` WHERE team_id = ${team()} AND age < ${next(60)}`,
      ` WHERE team_id = ${team()} OR age = ${next(60)}`,
    ]);
  const query = () =>
    pick([
      () => `SELECT * FROM person${where()}`,
      () => 'SELECT * FROM team',
      () => 'SELECT * FROM loose',
      () => 'SELECT person.* FROM person JOIN team ON person.team_id = team.id',
      () => `SELECT team.* FROM person JOIN team ON person.team_id = team.id WHERE person.age > ${next(60)}`,
      () => `SELECT p.* FROM person p JOIN person q ON p.team_id = q.team_id WHERE q.age > ${next(60)}`,
      () => 'SELECT * FROM my_mail',
      () => 'SELECT * FROM my_mail_query',
      () => 'SELECT * FROM adults',
      () => 'SELECT * FROM oldest',
      () => 'SELECT * FROM summary',
      () => `SELECT * FROM happening WHERE n < ${1 + next(3)}`,
    ])();
  const addPerson = (c: SessionClient) =>
    c.call('add_person', ['string', `n${next(40)}`], ['u8', next(60)], ['u32', team()]);
  const acts: ((c: SessionClient) => Promise<void>)[] = [
    addPerson,
    addPerson,
    c => c.call('set_age', ['u32', person()], ['u8', next(60)]),
    c => c.call('move_team', ['u32', person()], ['u32', team()]),
    c => c.call('remove_person', ['u32', person()]),
    c => c.call('renumber', ['string', `n${next(40)}`], ['u32', person()]),
    c => c.call('add_team', ['u32', team()], ['string', `t${next(3)}`]),
    c => c.call('remove_team', ['u32', team()]),
    c => c.call('add_loose', ['u32', next(3)], ['string', 'x']),
    c => c.call('remove_loose', ['u32', next(3)], ['string', 'x']),
    c => c.call('send_mail', ['identity', pick(people).identity], ['string', `m${next(100)}`]),
    c => c.call('drop_mail'),
    c => c.call('emit', ['string', 'e'], ['u32', next(3)]),
    c => c.call('refuse', ['string', 'no']),
    c => c.call('catch_unique', ['string', `n${next(40)}`]),
    c => c.call('two_updates', ['u32', person()]),
    c => c.call('delete_and_reinsert', ['u32', person()]),
    c => c.query(query()),
  ];
  for (let step = 1; step <= STEPS; step++) {
    s.step(`step ${step}`);
    const { client, sets } = pick(clients);
    const what = next(10);
    if (what < 2) {
      sets.push(nextSet);
      const queries = Array.from({ length: 1 + next(2) }, query);
      await client.subscribe(nextSet++, ...queries);
    } else if (what === 2 && sets.length > 0) {
      const [set = 0] = sets.splice(next(sets.length), 1);
      await client.unsubscribe(set, next(2));
    } else await pick(acts)(client);
  }
}

/** Integers below `n`; the sequence depends on the seed only. */
function createChance(seed: number): (n: number) => number {
  let state = seed;
  return n => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
}

// Timers: in the past, soon, failing, rolled back, deleted, repeated, too far in the future.

import type { Session } from '../session.ts';

export async function schedules(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  // One client follows the table that the work writes, the other the schedule: it is not specified that both arrive in
  // one transaction.
  const b = await s.connect('b');
  await b.subscribe(1, 'SELECT * FROM trace');
  const a = await s.connect('a');
  await a.subscribe(1, 'SELECT * FROM one_shot');
  s.step('in the past: at once, and the row goes');
  await a.call('schedule_in', ['string', 'past'], ['i64', -5000]);
  await s.wait(100);
  s.step('soon');
  await a.call('schedule_in', ['string', 'soon'], ['i64', 300]);
  await s.wait(500);
  s.step('one that fails is gone as well');
  await a.call('schedule_in', ['string', 'fail'], ['i64', 0]);
  await s.wait(100);
  s.step('rolled back: never');
  await a.call('schedule_then_fail', ['string', 'rolled back']);
  await s.wait(100);
  s.step('deleted before its time: never');
  await a.call('schedule_then_delete', ['string', 'deleted']);
  await s.wait(250);
  s.step('every 200 ms until it deletes itself');
  await a.call('schedule_every', ['string', 'beat'], ['i64', 200]);
  await s.wait(1100);
  s.step('too far away');
  await a.call('schedule_in', ['string', 'far'], ['i64', 80_000_000_000]);
  s.step('what is left');
  await a.query('SELECT * FROM one_shot');
  await a.query('SELECT * FROM heartbeat');
}

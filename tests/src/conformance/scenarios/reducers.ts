// Results of reducers for their caller: values, errors, refusals, order.

import type { Session } from '../session.ts';

export async function reducers(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  await a.subscribe(1, 'SELECT * FROM trace', 'SELECT * FROM person', 'SELECT * FROM counters');
  s.step('returns normally, own rows come inside the result');
  await a.call('add_person', ['string', 'Ada'], ['u8', 36], ['u32', 1]);
  s.step('nothing written, nothing to tell');
  await a.call('clear_secrets');
  s.step('SenderError');
  await a.call('refuse', ['string', 'because']);
  s.step('SenderError with an empty text');
  await a.call('refuse', ['string', '']);
  s.step('Error');
  await a.call('crash', ['string', 'secret detail']);
  s.step('a thrown string');
  await a.call('throw_string');
  s.step('stack overflow');
  await a.call('overflow');
  s.step('still alive');
  await a.call('who');
  s.step('a reducer that returns a value');
  await a.call('return_value');
  s.step('unknown reducer');
  await a.call('no_such_thing');
  s.step('JavaScript spelling of a reducer');
  await a.call('addPerson', ['string', 'Eve'], ['u8', 1], ['u32', 1]);
  s.step('too few argument bytes');
  await a.callRaw('add_person', Buffer.from('0300', 'hex'));
  s.step('no argument bytes');
  await a.callRaw('add_team', Buffer.alloc(0));
  s.step('trailing argument bytes');
  await a.callRaw('add_team', Buffer.from('2a000000010000007affff', 'hex'));
  s.step('invalid UTF-8 in an argument');
  await a.callRaw('add_team', Buffer.from('2b00000002000000c328', 'hex'));
  s.step('a bool of 2, inside a row');
  await a.callRaw('add_naming', Buffer.from('01000000' + '00000000' + '00000000' + '00000000' + '02', 'hex'));
  s.step('lifecycle reducers');
  await a.call('init');
  await a.call('on_connect');
  await a.call('on_disconnect');
  s.step('a scheduled reducer called by a client');
  await a.callRaw(
    'ring',
    Buffer.concat([Buffer.alloc(8), Buffer.from([1]), Buffer.alloc(8), Buffer.from('0100000078', 'hex')]),
  );
  s.step('a procedure called as a reducer');
  await a.call('add_up', ['u32', 1], ['u32', 2]);
  s.step('a unique violation that is not caught');
  await a.call('add_person', ['string', 'Ada'], ['u8', 1], ['u32', 1]);
  s.step('a primary key that is taken');
  await a.call('add_person_with_id', ['u32', 1], ['string', 'Bob'], ['u8', 1], ['u32', 1]);
  s.step('a unique violation that is caught');
  await a.call('catch_unique', ['string', 'Ada']);
  s.step('a sequence value drawn by a failed call is not used again');
  await a.call('add_person', ['string', 'Cid'], ['u8', 20], ['u32', 1]);
  s.step('a value given for an auto-increment column is kept');
  await a.call('add_person_with_id', ['u32', 500], ['string', 'Dan'], ['u8', 21], ['u32', 2]);
  s.step('and the sequence does not jump to it');
  await a.call('add_person', ['string', 'Eli'], ['u8', 22], ['u32', 2]);
  s.step('zero means: draw');
  await a.call('add_counter', ['u32', 1], ['u32', 0], ['i8', 5]);
  await a.call('add_counter', ['u32', 2], ['u32', 77], ['i8', 6]);
  s.step('an identity seen by a reducer');
  await a.call('who');
  s.step('update of a row that is not there');
  await a.call('update_missing');
  s.step('a call without a subscription to what it changes');
  await a.call('add_loose', ['u32', 1], ['string', 'x']);
  s.step('several calls in one frame, in order');
  const name = (n: string) => Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.from(n), Buffer.from([9, 7, 0, 0, 0])]);
  await a.together(
    ['call', 'add_person', name('p')],
    ['call', 'refuse', Buffer.from('0100000078', 'hex')],
    ['call', 'add_person', name('q')],
  );
  s.step('requests of all kinds in one frame, in order');
  await a.together(
    ['query', 'SELECT * FROM team'],
    ['call', 'add_team', Buffer.from('0900000001000000' + '74', 'hex')],
    ['query', 'SELECT * FROM team'],
  );
}

// Procedures over WebSocket and HTTP.

import type { Session } from '../session.ts';

export async function procedures(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  await a.subscribe(1, 'SELECT * FROM trace');
  s.step('a value');
  await a.procedure('add_up', ['u32', 2], ['u32', 40]);
  s.step('a sum type');
  await a.procedure('shape', ['f32', 1.5]);
  s.step('two transactions: updates come before the result');
  await a.procedure('trace_twice', ['string', 'proc']);
  s.step('an aborted transaction');
  await a.procedure('abort_tx');
  s.step('one that throws');
  await a.procedure('broken_procedure');
  s.step('unknown');
  await a.procedure('no_such_procedure');
  s.step('a reducer called as a procedure');
  await a.procedure('who');
  s.step('wrong arguments');
  await a.procedure('add_up', ['u32', 2]);
  s.step('a request to this machine');
  await a.procedure('fetch_loopback');
  s.step('over HTTP');
  await s.callHttp('add_up', owner, [2, 40]);
  await s.callHttp('shape', owner, [1.5]);
  await s.callHttp('broken_procedure', owner, []);
  await s.callHttp('trace_twice', owner, ['http']);
}

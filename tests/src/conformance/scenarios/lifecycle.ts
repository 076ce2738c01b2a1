// Init, connecting and disconnecting, and a module that refuses connections.

import type { Session } from '../session.ts';

export async function lifecycle(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  const ann = await s.identity('ann');
  await s.start('probe', owner);
  s.step('what init saw');
  await s.sql('SELECT * FROM trace', owner);
  s.step('a call over HTTP connects and disconnects');
  await s.callHttp('add_secret', ann, [1, 'trace-disconnect']);
  await s.callHttp('who', ann, []);
  await s.sql('SELECT * FROM trace', owner);
  s.step('a connection that closes');
  const a = await s.connect('a', { as: ann });
  await a.close();
  await s.sql('SELECT * FROM trace', owner);
  s.step('one who is in before the door closes');
  const b = await s.connect('b', { as: ann });
  s.step('refused at the door, WebSocket');
  await b.call('add_secret', ['u32', 2], ['string', 'refuse']);
  const c = await s.connect('c', { as: ann });
  await c.closedByServer();
  s.step('refused at the door, HTTP');
  await s.callHttp('who', ann, []);
  await s.sql('SELECT * FROM team', ann);
  await s.http('GET', `/v1/database/${s.database}/schema?version=9`, { as: ann, show: () => '(not shown)' });
  s.step('who was there may stay');
  await b.call('who');
}

// Subprotocols, tokens and parameters of the WebSocket handshake.

import type { Session } from '../session.ts';

export async function handshake(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  const ann = await s.identity('ann');
  await s.start('probe', owner);
  const offers: readonly (readonly [string, readonly string[]])[] = [
    ['v3 and v2 offered', ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb']],
    ['v2 only', ['v2.bsatn.spacetimedb']],
    ['v2 before v3', ['v2.bsatn.spacetimedb', 'v3.bsatn.spacetimedb']],
    ['no protocol', []],
    ['an unknown protocol', ['v9.bsatn.spacetimedb']],
  ];
  for (const [title, protocols] of offers) {
    s.step(title);
    const c = await s.connect('c', { as: ann, protocols });
    await c.close();
  }
  s.step('v2: one message a frame');
  const two = await s.connect('two', { as: ann, protocols: ['v2.bsatn.spacetimedb'] });
  await two.subscribe(1, 'SELECT * FROM team');
  await two.call('add_team', ['u32', 2], ['string', 'two']);
  await two.close();
  s.step('anonymous: an identity and a token are made');
  const anonymous = await s.connect('anonymous');
  s.step('the token of the handshake gives the same identity');
  await s.connect('again', { as: anonymous });
  s.step('unknown database');
  await s.connect('c', { database: 'no-such-database' });
  s.step('malformed token');
  await s.connect('c', { query: 'compression=None&token=nonsense' });
  s.step('all-zero connection id');
  await s.connect('c', { as: ann, query: `compression=None&connection_id=${'0'.repeat(32)}` });
  s.step('malformed connection id');
  await s.connect('c', { as: ann, query: 'compression=None&connection_id=xyz' });
  s.step('a chosen connection id');
  s.transcript.name('connection', '00000000000000000000000000000abc', 'the chosen connection');
  const chosen = await s.connect('c', {
    as: ann,
    query: 'compression=None&connection_id=00000000000000000000000000000abc',
  });
  await chosen.close();
  s.step('unknown compression');
  await s.connect('c', { as: ann, query: 'compression=Zip' });
  s.step('confirmed=false');
  const loose = await s.connect('c', { as: ann, query: 'compression=None&confirmed=false' });
  await loose.call('add_team', ['u32', 1], ['string', 'one']);
  s.step('same identity twice: two connections');
  await s.connect('first', { as: ann });
  await s.connect('second', { as: ann });
}

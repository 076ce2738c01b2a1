// Frames that are no messages, and compression.

import type { Session } from '../session.ts';

const hex = (digits: string) => Buffer.from(digits, 'hex');
const GOOD_QUERY = hex('0263000000120000005345454c454354202a2046524f4d207465616d'.replace('5345454c', '53454c'));

export async function frames(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const bad: readonly (readonly [string, Buffer | string])[] = [
    ['an empty frame', Buffer.alloc(0)],
    ['an unknown tag', hex('090000')],
    ['a truncated message', hex('030000')],
    ['a string longer than the frame', hex('0200000000ffffffff')],
    ['a count of four thousand million queries', hex('000000000001000000ffffffff')],
    ['text', 'hello'],
    ['garbage after a good message', hex('02000000000000')],
  ];
  for (const [title, bytes] of bad) {
    s.step(title);
    const c = await s.connect('c');
    await c.raw(title, bytes);
    await c.raw('a good query after it', GOOD_QUERY);
  }
  s.step('compression: gzip');
  const g = await s.connect('g', { query: 'compression=Gzip' });
  await g.call('fill_large', ['u32', 1], ['u32', 20]);
  await g.subscribe(1, 'SELECT * FROM loose');
  await g.call('fill_large', ['u32', 30], ['u32', 40]);
  s.step('compression: brotli');
  const b = await s.connect('b', { query: 'compression=Brotli' });
  await b.subscribe(1, 'SELECT * FROM loose');
  s.step('compression: not said');
  const n = await s.connect('n', { query: '' });
  await n.subscribe(1, 'SELECT * FROM loose');
  s.step('one of them goes without a word');
  await b.vanish();
  await n.call('who');
}

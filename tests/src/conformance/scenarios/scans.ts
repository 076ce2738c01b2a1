// Ranges, large tables, and deleting while scanning.

import type { Session } from '../session.ts';

export async function scans(s: Session): Promise<void> {
  const owner = await s.identity('owner');
  await s.start('probe', owner);
  const a = await s.connect('a');
  await a.subscribe(1, 'SELECT * FROM trace');
  s.step('fill');
  await a.call('fill_signed_keys');
  for (const which of ['prefix', 'full', 'closed', 'half', 'from', 'upto', 'tail', 'count', 'none']) {
    s.step(which);
    await a.call('scan', ['string', which]);
  }
  s.step('delete a range');
  await a.call('delete_range');
  await a.call('scan', ['string', 'count']);
  s.step('delete while scanning');
  await a.call('delete_during_scan');
  s.step('a large table, read through the buffer');
  await a.call('fill_large', ['u32', 3000], ['u32', 100]);
  await a.call('sum_large');
  s.step('clear');
  await a.call('clear_loose');
  s.step('rows larger than the buffer');
  await a.call('fill_large', ['u32', 3], ['u32', 200000]);
  await a.call('sum_large');
  await a.call('clear_loose');
}

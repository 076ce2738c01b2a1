// The load `claims`: the cost of a claim with few and with many claims on the hub.

import { withHeld } from '../claims/contenders.ts';
import { runLoad, type Load } from '../harness.ts';
import { table } from '../print.ts';

/** Claims and releases while 10, and 100,000 claims are held. */
export const claims: Load = {
  name: 'claims',
  run: (size, note) =>
    runLoad({ name: 'claims', contenders: [withHeld(10), withHeld(100_000)], held: 'claims were held' }, size, note),
  print: table,
};

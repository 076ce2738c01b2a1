// The load `rows`: the row operations of each act, without a clock.

import { runLoad, type Load } from '../harness.ts';
import { table } from '../print.ts';
import { acts } from '../rows/acts.ts';

/** Row operations of the module for a message, a broadcast and a workflow. */
export const rows: Load = {
  name: 'rows',
  run: (size, note) => runLoad({ name: 'rows', contenders: [acts], held: 'acts left no delivery behind' }, size, note),
  print: table,
};

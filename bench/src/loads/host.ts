// The load `host`: the embedded host with a small module, without Agora.

import { runLoad, type Load } from '../harness.ts';
import { fanOut, idle, inside, isolated, socket, start } from '../host/contenders.ts';
import { table } from '../print.ts';

const HELD = 'calls, rows and updates were there exactly once';

/** Calls, connections, fan-out and start of the embedded host. */
export const host: Load = {
  name: 'host',
  run: (size, note) =>
    runLoad({ name: 'host', contenders: [inside, socket, isolated, idle, fanOut, start], held: HELD }, size, note),
  print: table,
};

// The load `host`: what the embedded host does with any module, apart from Agora.

import type { Load } from '../harness.ts';
import { fanOut, idle, inside, socket, start } from '../host/contenders.ts';

/** Calls, connections, fan-out and start of the embedded host. */
export const host: Load = {
  name: 'host',
  contenders: [inside, socket, idle, fanOut, start],
  held: 'calls, rows and updates were there exactly once',
};

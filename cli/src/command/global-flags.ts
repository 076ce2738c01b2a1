// The flags that every command takes in addition to its own.

import type { Flag } from './command.ts';

/** The global flags, in the order of the help text. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { flag: '--server <url>', summary: 'address of the hub (AGORA_SERVER; http://127.0.0.1:3000)' },
  { flag: '--database <name>', summary: 'database of the hub (AGORA_DATABASE; agora)' },
  { flag: '--token <token>', summary: 'token of your identity (AGORA_TOKEN; the stored token of this hub)' },
  { flag: '--as <agent>', summary: 'agent to act as (AGORA_AGENT)', suggests: 'agents' },
  {
    flag: '--config <file>',
    summary: 'read settings from this file instead of agora.json and config.json',
    suggests: 'files',
  },
  { flag: '--wait-for-hub <time>', summary: 'try to connect for this time: 30s; by default once' },
  { flag: '--json', summary: 'print one JSON object a line' },
  { flag: '--no-color', summary: 'print without colours (NO_COLOR)' },
];

// The flags that every command takes besides its own.

import type { Flag } from './command.ts';

/** Them, in the order of the help. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { flag: '--server <url>', summary: 'where the hub is (AGORA_SERVER; http://127.0.0.1:3000)' },
  { flag: '--database <name>', summary: 'the database on it (AGORA_DATABASE; agora)' },
  { flag: '--token <token>', summary: 'who you are there (AGORA_TOKEN; the one kept for this hub)' },
  { flag: '--as <agent>', summary: 'the agent that acts (AGORA_AGENT)', suggests: 'agents' },
  { flag: '--config <file>', summary: 'settings of this file instead of agora.json and your own', suggests: 'files' },
  { flag: '--json', summary: 'one JSON object a line' },
  { flag: '--no-color', summary: 'no colours (NO_COLOR)' },
];

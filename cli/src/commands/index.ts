// Every command, as a row: help, completion and parsing come from here, and a command's code is loaded when it runs.

import type { CommandRow } from '../command.ts';

/** What the first word of two-word commands is about. */
export const GROUPS: Readonly<Record<string, string>> = {};

/** The commands, in the order of the help. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'status',
    summary: 'Tells whether the hub answers, who you are there, and who is there.',
    examples: ['agora status', 'agora status --json'],
    load: () => import('./status.ts'),
  },
];

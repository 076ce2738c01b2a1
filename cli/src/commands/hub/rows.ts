// The commands about a hub as a whole: running it, and looking whether all is well.

import type { CommandRow } from '../../command.ts';

export const HUB_COMMANDS: readonly CommandRow[] = [
  {
    name: 'status',
    summary: 'Tells whether the hub answers, who you are there, and who is there.',
    examples: ['agora status', 'agora status --json'],
    load: () => import('./status.ts'),
  },
];

// The commands about agents: who is there, and under which names one acts.

import type { CommandDefinition } from '../../command/command.ts';

export const AGENT_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'agents',
    summary: 'Lists the agents of the hub.',
    flags: [
      { flag: '--name <agent>', summary: 'of this name', suggests: 'agents' },
      { flag: '--capability <name>', summary: 'that can do this; all of them, if given more than once', repeats: true },
      { flag: '--type <type>', summary: 'of this type' },
      {
        flag: '--status <status>',
        summary: 'active, busy, away or draining',
        suggests: ['active', 'busy', 'away', 'draining'],
      },
      {
        flag: '--presence <presence>',
        summary: 'online, offline or stale',
        suggests: ['online', 'offline', 'stale'],
      },
      { flag: '--watch', summary: 'go on, and show each change' },
    ],
    examples: ['agora agents --capability review --presence online', 'agora agents --watch --json'],
    load: () => import('./agents.ts'),
  },
  {
    name: 'register',
    summary: 'Makes an agent, or changes what it says of itself; messages to it wait until somebody serves it.',
    arguments: [{ name: 'name', summary: 'its name' }],
    flags: [
      { flag: '--type <type>', summary: 'worker, specialist, coordinator, …', default: 'worker' },
      { flag: '--capability <name>', summary: 'what it can do', repeats: true },
      { flag: '--metadata <json>', summary: 'a JSON object that everyone can read' },
      { flag: '--credit <n>', summary: 'how many deliveries it is offered at once (32)' },
      { flag: '--strict', summary: 'the highest priority always comes first' },
    ],
    examples: ['agora register Writer --capability documentation'],
    load: () => import('./register.ts'),
  },
  {
    name: 'unregister',
    summary: 'Gives an agent up: its unfinished messages become dead letters, its name is free.',
    arguments: [{ name: 'name', summary: 'its name', suggests: 'agents' }],
    load: () => import('./unregister.ts'),
  },
];

// Definitions of the commands about agents.

import { AGENT_STATUSES, PRESENCES } from '@agora/module/contract';
import type { CommandDefinition } from '../../command/command.ts';

/** `agora agents`, `register` and `unregister`. */
export const AGENT_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'agents',
    summary: 'Lists the agents of the hub.',
    flags: [
      { flag: '--name <agent>', summary: 'with this name', suggests: 'agents' },
      { flag: '--capability <name>', summary: 'with this capability; repeat it to require several', repeats: true },
      { flag: '--type <type>', summary: 'of this type' },
      { flag: '--status <status>', summary: 'active, busy, away or draining', suggests: AGENT_STATUSES },
      { flag: '--presence <presence>', summary: 'online, offline or stale', suggests: PRESENCES },
      { flag: '--watch', summary: 'keep running, and show each change' },
    ],
    examples: ['agora agents --capability review --presence online', 'agora agents --watch --json'],
    load: () => import('./agents.ts'),
  },
  {
    name: 'register',
    summary: 'Registers an agent, or changes its registration; its messages wait until a process serves it.',
    arguments: [{ name: 'name', summary: 'name of the agent' }],
    flags: [
      { flag: '--type <type>', summary: 'worker (the default), specialist, coordinator, …' },
      { flag: '--capability <name>', summary: 'a capability; may be repeated', repeats: true },
      { flag: '--metadata <json>', summary: 'a JSON object that everyone can read' },
      { flag: '--credit <n>', summary: 'how many deliveries the agent may hold (32)' },
      { flag: '--strict', summary: 'offer messages in strict priority order' },
      { flag: '--reset', summary: 'replace an earlier registration; else what is not given stays as it was' },
    ],
    examples: ['agora register Writer --capability documentation'],
    load: () => import('./register.ts'),
  },
  {
    name: 'unregister',
    summary: 'Unregisters an agent: its unfinished messages become dead letters, and its name becomes free.',
    arguments: [{ name: 'name', summary: 'name of the agent', suggests: 'agents' }],
    flags: [{ flag: '--yes', summary: 'do not ask for confirmation, also if it has open messages' }],
    load: () => import('./unregister.ts'),
  },
  {
    name: 'set-status',
    summary: 'Sets the status of an agent; only an active one gets work of queues.',
    arguments: [{ name: 'status', summary: 'active, busy, away or draining', suggests: AGENT_STATUSES }],
    examples: ['agora set-status away --as Writer'],
    load: () => import('./set-status.ts'),
  },
  {
    name: 'whoami',
    summary: 'Shows your identity, the agent that commands act as, and your agents.',
    load: () => import('./whoami.ts'),
  },
  {
    name: 'usage',
    summary: 'Shows what the agent has used of its limits.',
    load: () => import('./usage.ts'),
  },
];

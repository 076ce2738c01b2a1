// Definitions of the commands about groups.

import type { CommandDefinition } from '../../command/command.ts';

const GROUP = { name: 'group', summary: 'name of the group, with or without its #' } as const;

/** `agora group …`. */
export const GROUP_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'group join',
    summary: 'Adds the agent to a group, whose messages go to each member; the first member creates it.',
    arguments: [GROUP],
    examples: ['agora group join release --as Writer', "agora send '#release' 'the build is green'"],
    load: () => import('./join.ts'),
  },
  {
    name: 'group leave',
    summary: 'Removes the agent from a group; the last member ends it.',
    arguments: [GROUP],
    load: () => import('./leave.ts'),
  },
  {
    name: 'group list',
    summary: 'Lists the groups of the agent.',
    load: () => import('./list.ts'),
  },
  {
    name: 'group members',
    summary: 'Lists the members of a group, for members and operators.',
    arguments: [GROUP],
    load: () => import('./members.ts'),
  },
];

// Definitions of the commands about dead letters.

import type { Argument, CommandDefinition, Flag } from '../../command/command.ts';

const FILTER_FLAGS: readonly Flag[] = [
  { flag: '--agent <name>', summary: 'for this recipient; #12 for an unregistered agent', suggests: 'agents' },
  { flag: '--sender <name>', summary: 'from this sender', suggests: 'agents' },
  { flag: '--type <type>', summary: 'of this message type' },
  { flag: '--reason <text>', summary: 'whose reason contains this text' },
  { flag: '--before <time>', summary: 'dead before this time: a date, or a duration ago (2h)' },
];
const SELECTION_FLAGS: readonly Flag[] = [
  ...FILTER_FLAGS,
  { flag: '--all', summary: 'all dead letters' },
  { flag: '--yes', summary: 'do not ask for confirmation' },
];
const NUMBERS: Argument = {
  name: 'numbers',
  summary: 'numbers that `agora dead list` shows',
  isOptional: true,
  isList: true,
};

/** `agora dead list`, `redrive` and `purge`. */
export const DEAD_LETTER_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'dead list',
    summary: 'Lists dead letters: operators see all, others those of their own agents and messages.',
    flags: [...FILTER_FLAGS, { flag: '--limit <count>', summary: 'at most this many', default: '100' }],
    examples: ['agora dead list --agent ReviewAgent', "agora dead list --reason 'attempts' --json"],
    load: () => import('./list.ts'),
  },
  {
    name: 'dead redrive',
    summary: 'Sends dead letters to their recipients again.',
    arguments: [NUMBERS],
    flags: SELECTION_FLAGS,
    examples: ['agora dead redrive 4294967297', 'agora dead redrive --agent ReviewAgent --yes'],
    load: () => import('./redrive.ts'),
  },
  {
    name: 'dead purge',
    summary: 'Deletes dead letters permanently.',
    arguments: [NUMBERS],
    flags: SELECTION_FLAGS,
    examples: ['agora dead purge --before 7d --yes'],
    load: () => import('./purge.ts'),
  },
];

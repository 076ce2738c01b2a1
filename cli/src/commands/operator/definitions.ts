// The commands for whoever runs a hub: dead letters, operators, copies of its data, old files.

import type { Argument, CommandDefinition, Flag } from '../../command/command.ts';

/** Which dead letters are meant. */
const LETTER_FLAGS: readonly Flag[] = [
  { flag: '--agent <name>', summary: 'whose it was to be; #12 for one that is gone', suggests: 'agents' },
  { flag: '--sender <name>', summary: 'who sent it', suggests: 'agents' },
  { flag: '--type <type>', summary: 'of this type' },
  { flag: '--reason <text>', summary: 'given up for a reason that has this in it' },
  { flag: '--before <time>', summary: 'given up before: a date, or so long ago (2h)' },
];
const WHICH: readonly Flag[] = [
  ...LETTER_FLAGS,
  { flag: '--all', summary: 'all that there are' },
  { flag: '--yes', summary: 'do not ask' },
];
const NUMBERS: Argument = {
  name: 'numbers',
  summary: 'as `agora dead list` shows them',
  isOptional: true,
  isList: true,
};
const WHO: Argument = { name: 'who', summary: 'an identity, or an agent whose owner is meant', suggests: 'agents' };
const DATA_DIR: Flag = {
  flag: '--data-dir <folder>',
  summary: 'where the hub keeps its data (AGORA_DATA_DIR; ~/.local/share/agora)',
  suggests: 'files',
};

export const OPERATOR_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'dead list',
    summary: 'Lists what was given up: all for operators, for others that of their agents and of what they sent.',
    flags: [...LETTER_FLAGS, { flag: '--limit <count>', summary: 'at most so many', default: '100' }],
    examples: ['agora dead list --agent ReviewAgent', "agora dead list --reason 'attempts' --json"],
    load: () => import('../dead-letters/list.ts'),
  },
  {
    name: 'dead redrive',
    summary: 'Sends dead letters to their recipients once more.',
    arguments: [NUMBERS],
    flags: WHICH,
    examples: ['agora dead redrive 4294967297', 'agora dead redrive --agent ReviewAgent --yes'],
    load: async () => ({ default: (await import('../dead-letters/settle.ts')).redrive }),
  },
  {
    name: 'dead purge',
    summary: 'Gives dead letters up for good.',
    arguments: [NUMBERS],
    flags: WHICH,
    examples: ['agora dead purge --before 7d --yes'],
    load: async () => ({ default: (await import('../dead-letters/settle.ts')).purge }),
  },
  {
    name: 'operator status',
    summary: 'Tells what the hub holds just now.',
    flags: [{ flag: '--watch', summary: 'again every second, until Ctrl-C' }],
    load: () => import('./status.ts'),
  },
  {
    name: 'operator mailboxes',
    summary: 'Lists every mailbox and work queue, with what it holds and what waits for it.',
    flags: [{ flag: '--busy', summary: 'only where there is something' }],
    load: () => import('./mailboxes.ts'),
  },
  {
    name: 'operator message',
    summary: 'Shows any message that is kept, with its payload and what became of it.',
    arguments: [{ name: 'message', summary: 'its id' }],
    load: () => import('./message.ts'),
  },
  {
    name: 'operator quota',
    summary: 'Shows what an agent has used of its limits, or changes them.',
    arguments: [{ name: 'agent', summary: 'its name', isOptional: true, suggests: 'agents' }],
    flags: [
      { flag: '--everyone', summary: 'in place of an agent: all that have no limits of their own' },
      { flag: '--rate <count>', summary: 'messages and events a second' },
      { flag: '--burst <count>', summary: 'how many of them at once' },
      { flag: '--unfinished <count>', summary: 'deliveries it caused that have not ended' },
      { flag: '--inbox-length <count>', summary: 'deliveries that wait for it' },
      { flag: '--fan-out <count>', summary: 'recipients a minute' },
      { flag: '--clear', summary: 'the limits of everyone again' },
    ],
    examples: ['agora operator quota Chatty', 'agora operator quota Chatty --rate 10 --burst 20'],
    load: () => import('./quota.ts'),
  },
  {
    name: 'operator limits',
    summary: 'Changes how much the hub stores, and for how long.',
    flags: [
      { flag: '--stored-bytes <size>', summary: 'of messages and events: 512MiB, 4GiB' },
      { flag: '--keep-messages <time>', summary: 'after they have ended: 24h' },
      { flag: '--keep-events <time>', summary: '7d' },
      { flag: '--keep-workflows <time>', summary: 'after they have ended: 7d' },
    ],
    load: () => import('./limits.ts'),
  },
  {
    name: 'operator admission',
    summary: 'Tells who is let in, or lets in everybody (open) or only the admitted (closed).',
    arguments: [{ name: 'mode', summary: 'open or closed', isOptional: true, suggests: ['open', 'closed'] }],
    load: async () => ({ default: (await import('./admission.ts')).admission }),
  },
  {
    name: 'operator admit',
    summary: 'Admits an identity, or whom an issuer names to an audience.',
    arguments: [{ ...WHO, isOptional: true }],
    flags: [
      { flag: '--issuer <url>', summary: 'who issues their tokens' },
      { flag: '--audience <name>', summary: 'to whom the tokens are issued' },
      { flag: '--note <text>', summary: 'why, for whoever reads the list' },
    ],
    load: async () => ({ default: (await import('./admission.ts')).admit }),
  },
  {
    name: 'operator expel',
    summary: 'Takes an admission back.',
    arguments: [{ name: 'rule', summary: 'its number in `agora operator admission`' }],
    load: async () => ({ default: (await import('./admission.ts')).expel }),
  },
  {
    name: 'operator list',
    summary: 'Lists the operators.',
    load: async () => ({ default: (await import('./list.ts')).list }),
  },
  {
    name: 'operator grant',
    summary: 'Makes an identity an operator.',
    arguments: [WHO],
    load: async () => ({ default: (await import('./list.ts')).grant }),
  },
  {
    name: 'operator revoke',
    summary: 'Makes an operator none, unless it is the last.',
    arguments: [WHO],
    load: async () => ({ default: (await import('./list.ts')).revoke }),
  },
  {
    name: 'operator unregister',
    summary: 'Removes an agent, whoever owns it; what waits for it is dead.',
    arguments: [{ name: 'agent', summary: 'its name', suggests: 'agents' }],
    flags: [{ flag: '--yes', summary: 'do not ask' }],
    load: async () => ({ default: (await import('./list.ts')).unregister }),
  },
  {
    name: 'backup',
    summary: 'Copies the data of a hub of this machine, whether it runs or not.',
    flags: [
      { flag: '--to <folder>', summary: 'the folder of the copy; it must not exist', suggests: 'files' },
      DATA_DIR,
    ],
    examples: ['agora backup --to ./backup-monday'],
    load: () => import('../data/backup.ts'),
  },
  {
    name: 'restore',
    summary: 'Makes a data folder of a copy, checked from end to end before it gets its name.',
    flags: [{ flag: '--from <folder>', summary: 'the folder of the copy', suggests: 'files' }, DATA_DIR],
    examples: ['agora restore --from ./backup-monday --data-dir ./data'],
    load: () => import('../data/restore.ts'),
  },
  {
    name: 'migrate-files',
    summary: 'Sends each file of an old inbox tree as a message, and moves aside what the hub has.',
    arguments: [{ name: 'folder', summary: 'the tree, such as DIR/<recipient>/inbox/*.json', suggests: 'files' }],
    flags: [
      { flag: '--to <name>', summary: 'whom files are for that do not say it: a name, #group, @capability or *' },
      { flag: '--type <type>', summary: 'the type of files that name none (file_message)' },
      { flag: '--override', summary: 'let --to and --type hold for all files' },
      { flag: '--handled-too', summary: 'go into folders such as processed, done, archive and sent as well' },
      { flag: '--dry-run', summary: 'send and move nothing; tell what would be done' },
      { flag: '--resend', summary: 'send again what a run long ago may have sent before it was ended' },
    ],
    examples: ['agora migrate-files ./agents --dry-run', 'agora migrate-files ./inbox --to Archivist --json'],
    load: () => import('../data/migrate-files.ts'),
  },
];

// The commands about a hub as a whole: running it, and looking whether all is well.

import type { CommandRow } from '../../command/command.ts';

export const HUB_COMMANDS: readonly CommandRow[] = [
  {
    name: 'up',
    summary: 'Runs a hub on this machine until Ctrl-C; you are an operator of it.',
    flags: [
      { flag: '--port <port>', summary: 'the port to listen on; 0 takes a free one', default: '3000' },
      {
        flag: '--host <address>',
        summary: 'the address to listen on; by default this machine only',
        default: '127.0.0.1',
      },
      {
        flag: '--data-dir <folder>',
        summary: 'where keys and rows are kept (AGORA_DATA_DIR; ~/.local/share/agora)',
        suggests: 'files',
      },
      { flag: '--in-memory', summary: 'keep nothing: rows last as long as the hub' },
    ],
    examples: ['agora up', 'agora up --in-memory --port 0 --json'],
    load: () => import('./up.ts'),
  },
  {
    name: 'status',
    summary: 'Tells whether the hub answers, who you are there, and who is there.',
    examples: ['agora status', 'agora status --json'],
    load: () => import('./status.ts'),
  },
  {
    name: 'doctor',
    summary: 'Finds what is wrong with a set-up, and tells what mends it.',
    examples: ['agora doctor', 'agora doctor --server http://hub.example:3000 --as Writer'],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'completion',
    summary: 'Prints what a shell needs to complete commands, flags and the names of agents.',
    arguments: [{ name: 'shell', summary: 'bash, zsh or fish', suggests: ['bash', 'zsh', 'fish'] }],
    examples: ['eval "$(agora completion bash)"'],
    load: () => import('./completion.ts'),
  },
  {
    name: '__complete',
    summary: 'What may come next on a command line: for the script of `agora completion`.',
    isHidden: true,
    arguments: [{ name: 'words', summary: 'what was typed so far', isOptional: true, isList: true }],
    load: () => import('./complete.ts'),
  },
];

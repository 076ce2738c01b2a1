// Definitions of the commands about a hub as a whole, and of the command line itself.

import type { CommandDefinition, CommandTable } from '../../command/command.ts';

/** `agora up`, `open`, `status`, `doctor` and `completion`. */
export const HUB_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'up',
    summary: 'Runs a hub on this machine until Ctrl-C; you are an operator of it.',
    flags: [
      { flag: '--port <port>', summary: 'port to listen on; 0 takes a free one', default: '3000' },
      {
        flag: '--host <address>',
        summary: 'address to listen on; by default only this machine can connect',
        default: '127.0.0.1',
      },
      {
        flag: '--data-dir <folder>',
        summary: 'folder for keys and rows (AGORA_DATA_DIR; ~/.local/share/agora)',
        suggests: 'files',
      },
      { flag: '--open', summary: 'lets other machines use an open hub, with an address of --host that they reach' },
      { flag: '--closed', summary: 'closes the hub: only operators and admitted identities can use it' },
      {
        flag: '--allow-origin <origin...>',
        summary: 'web pages of this origin may use the hub, such as https://app.example; * for all',
      },
      {
        flag: '--allow-publish <who>',
        summary: 'local or anyone may replace the module, which runs as code of this user; by default only its owner',
        suggests: ['local', 'anyone'],
      },
      {
        flag: '--isolate',
        summary: 'run the module in a process with few rights and limited memory; calls are slower',
      },
      { flag: '--no-mcp', summary: 'serve no MCP over HTTP at /mcp' },
      { flag: '--no-dashboard', summary: 'serve no dashboard at /' },
      { flag: '--in-memory', summary: 'keep all data in memory; it is lost when the hub stops' },
    ],
    examples: ['agora up', 'agora up --in-memory --port 0 --json'],
    load: () => import('./up.ts'),
  },
  {
    name: 'open',
    summary: 'Opens the dashboard of the hub in a browser, signed in as you.',
    flags: [{ flag: '--print', summary: 'print the address, which signs in once within a minute, instead' }],
    examples: ['agora open', 'agora open --print'],
    load: () => import('./open.ts'),
  },
  {
    name: 'status',
    summary: 'Shows if the hub answers, your identity, and how many agents are online.',
    examples: ['agora status', 'agora status --json'],
    load: () => import('./status.ts'),
  },
  {
    name: 'doctor',
    summary: 'Checks the set-up, and shows how to fix each fault.',
    examples: ['agora doctor', 'agora doctor --server http://hub.example:3000 --as Writer'],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'completion',
    summary: 'Prints the shell script that completes commands, flags and agent names.',
    arguments: [{ name: 'shell', summary: 'bash, zsh or fish', suggests: ['bash', 'zsh', 'fish'] }],
    examples: ['eval "$(agora completion bash)"'],
    load: () => import('./completion.ts'),
  },
];

/** `agora man`, the manual page of `table`. */
export function manDefinition(table: CommandTable): CommandDefinition {
  return {
    name: 'man',
    summary: 'Prints the manual page; --install installs it, and the completion of your shell.',
    flags: [
      { flag: '--install', summary: 'write both into the folders of this user' },
      { flag: '--shell <shell>', summary: 'instead of the shell of SHELL', suggests: ['bash', 'zsh', 'fish'] },
    ],
    examples: ['agora man --install', 'agora man | man -l -'],
    load: async () => ({ default: (await import('./man.ts')).manCommand(table) }),
  };
}

/** `agora __complete`, which completes the commands of `table`. A parameter, since the table imports this file. */
export function completeDefinition(table: CommandTable): CommandDefinition {
  return {
    name: '__complete',
    summary: 'Prints the completions of a command line, for the script of `agora completion`.',
    isHidden: true,
    arguments: [{ name: 'words', summary: 'the words typed so far', isOptional: true, isList: true }],
    load: async () => ({ default: (await import('./complete.ts')).completeCommand(table) }),
  };
}

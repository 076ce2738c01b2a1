// Definitions of the commands for coding agents: the MCP server, its installation, and hooks.

import type { CommandDefinition } from '../../command/command.ts';

/** As in `@agora/mcp`, which is too heavy for help and completion; a test compares both. */
export const CLIENTS = ['claude', 'codex', 'cursor', 'gemini', 'opencode', 'copilot'] as const;

/** `agora mcp`, and `agora hook`. */
export const MCP_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'mcp',
    summary: 'Serves MCP on standard input and output, for coding agents.',
    examples: ['agora mcp --as Reviewer'],
    load: () => import('./serve.ts'),
  },
  {
    name: 'mcp install',
    summary: 'Adds the MCP server and its hooks to a coding agent.',
    arguments: [{ name: 'client', summary: CLIENTS.join(', '), suggests: CLIENTS }],
    flags: [
      { flag: '--remove', summary: 'remove them again' },
      { flag: '--print', summary: 'print the entries, and change nothing' },
    ],
    examples: ['agora mcp install claude', 'agora mcp install codex --as Builder'],
    load: () => import('./install.ts'),
  },
  {
    name: 'mcp token',
    summary: 'Prints your token of the hub, for MCP over HTTP. Keep it secret.',
    examples: ['export AGORA_TOKEN=$(agora mcp token)'],
    load: () => import('./token.ts'),
  },
  {
    name: 'hook',
    summary: 'Prints for a hook of a coding agent whether mail waits; silent without mail or hub.',
    isHidden: true,
    isSilent: true,
    arguments: [
      { name: 'client', summary: 'claude, codex, cursor, gemini or copilot' },
      { name: 'event', summary: 'event of the client, such as Stop' },
    ],
    load: () => import('./hook.ts'),
  },
];

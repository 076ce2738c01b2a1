// Definitions of the commands for coding agents: the MCP server, its installation, and hooks.

import type { CommandDefinition } from '../../command/command.ts';

/** `agora mcp`, and `agora hook`. */
export const MCP_COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'mcp',
    summary: 'Serves MCP on standard input and output, for coding agents.',
    examples: ['agora mcp --as Reviewer'],
    load: () => import('./serve.ts'),
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

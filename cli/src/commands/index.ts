// The table of all commands. Parsing, help and completion read it; the code of a command is loaded when it runs.

import type { CommandDefinition, CommandTable } from '../command/command.ts';
import { GLOBAL_FLAGS } from '../command/global-flags.ts';
import { AGENT_COMMANDS } from './agents/definitions.ts';
import { CLAIM_COMMANDS } from './claims/definitions.ts';
import { DATA_COMMANDS } from './data/definitions.ts';
import { DEAD_LETTER_COMMANDS } from './dead-letters/definitions.ts';
import { EVENT_COMMANDS } from './events/definitions.ts';
import { GROUP_COMMANDS } from './groups/definitions.ts';
import { completeDefinition, HUB_COMMANDS, manDefinition } from './hub/definitions.ts';
import { MCP_COMMANDS } from './mcp/definitions.ts';
import { MESSAGE_COMMANDS } from './messages/definitions.ts';
import { OPERATOR_COMMANDS } from './operator/definitions.ts';
import { WORKFLOW_COMMANDS } from './workflows/definitions.ts';

/** The commands that help and completion show, in the order of the help text. */
const PUBLIC_COMMANDS: readonly CommandDefinition[] = [
  ...HUB_COMMANDS,
  ...AGENT_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...GROUP_COMMANDS,
  ...CLAIM_COMMANDS,
  ...EVENT_COMMANDS,
  ...WORKFLOW_COMMANDS,
  ...DEAD_LETTER_COMMANDS,
  ...OPERATOR_COMMANDS,
  ...DATA_COMMANDS,
  ...MCP_COMMANDS,
];

const PUBLIC_TABLE: CommandTable = {
  commands: PUBLIC_COMMANDS,
  groups: {
    group: 'Joins, leaves and lists groups.',
    workflow: 'Starts, watches and controls workflows.',
    dead: 'Lists, redrives and purges dead letters.',
    operator: 'Shows and controls the hub, for operators.',
  },
  globals: GLOBAL_FLAGS,
};

/** The table of all commands. */
export const COMMAND_TABLE: CommandTable = {
  ...PUBLIC_TABLE,
  commands: [...PUBLIC_COMMANDS, manDefinition(PUBLIC_TABLE), completeDefinition(PUBLIC_TABLE)],
};

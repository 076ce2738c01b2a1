// Every command, as a row: help, completion and parsing come from here, and a command's code is loaded when it runs.

import type { CommandRow } from '../command/command.ts';
import { AGENT_COMMANDS } from './agents/definitions.ts';
import { EVENT_COMMANDS } from './events/definitions.ts';
import { HUB_COMMANDS } from './hub/definitions.ts';
import { MESSAGE_COMMANDS } from './messages/definitions.ts';
import { OPERATOR_COMMANDS } from './operator/definitions.ts';
import { WORKFLOW_COMMANDS } from './workflows/definitions.ts';

/** What the first word of two-word commands is about. */
export const GROUPS: Readonly<Record<string, string>> = {
  workflow: 'Starts, watches and steers workflows.',
  dead: 'Dead letters: what was given up.',
  operator: 'What operators see and steer.',
};

/** The commands, in the order of the help. */
export const COMMANDS: readonly CommandRow[] = [
  ...HUB_COMMANDS,
  ...AGENT_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...EVENT_COMMANDS,
  ...WORKFLOW_COMMANDS,
  ...OPERATOR_COMMANDS,
];

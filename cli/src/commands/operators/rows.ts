// The commands for whoever runs a hub: operators, dead letters, copies of its data, old files.

import type { CommandRow } from '../../command.ts';

export const OPERATOR_COMMANDS: readonly CommandRow[] = [];

// The commands about agents: who is there, and under which names one acts.

import type { CommandRow } from '../../command.ts';

export const AGENT_COMMANDS: readonly CommandRow[] = [];

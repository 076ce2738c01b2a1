// The commands about workflows.

import type { CommandRow } from '../../command.ts';

export const WORKFLOW_COMMANDS: readonly CommandRow[] = [];

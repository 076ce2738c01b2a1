// The commands about events: following and publishing them.

import type { CommandRow } from '../../command.ts';

export const EVENT_COMMANDS: readonly CommandRow[] = [];

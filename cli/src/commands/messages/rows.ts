// The commands about messages: saying something, hearing it, answering it.

import type { CommandRow } from '../../command.ts';

export const MESSAGE_COMMANDS: readonly CommandRow[] = [];

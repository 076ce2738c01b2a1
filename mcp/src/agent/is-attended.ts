// Whether a session of Claude Code goes on after its turn.

import type { Environment } from './agent-name.ts';

/** Returns false in a session that ends with its turn, as that of `claude -p`: it waits for its background hooks, so it may have none. */
export function isAttended(environment: Environment): boolean {
  const { CLAUDE_CODE_SESSION_ATTENDED: attended, CLAUDE_CODE_ENTRYPOINT: entry = '' } = environment;
  return attended === undefined ? !entry.startsWith('sdk') : attended !== '0';
}

// The agent that a command is: it receives what is sent to it, so no other process may.

import type { AgoraClient } from '@agora/client';
import { userAgent } from './act-as.ts';
import type { Context } from './command-context.ts';
import { CliError, EXIT } from '../base/cli-error.ts';

/** What the agent is to be; what is not given stays as it was registered. */
export interface Role {
  readonly agentType?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
  /** How many deliveries it is offered at once. */
  readonly credit?: number | undefined;
  /** Whether it may be served by another process too, so that both see its messages. */
  readonly force: boolean;
}

/** The name of the agent that a command is: of `--as`, or the one that is kept for this user. */
export function ownName(context: Context): string {
  return context.settings.agent ?? userAgent();
}

/**
 * Receives what is sent to an agent from now on; registers it if there is none of the name. Throws `cli/agent-busy`
 * where another process serves it.
 */
export async function serveAs(client: AgoraClient, { agentType, capabilities, credit, force }: Role): Promise<void> {
  const [known] = await client.findAgents({ name: client.name });
  if (known?.owner !== client.identity) {
    // Refused where it is somebody else's.
    return client.registerAgent({ agentType: agentType ?? 'worker', capabilities, credit });
  }
  if (known?.presence === 'online' && !force) {
    const sentence = `Another process serves "${client.name}"; both would get its messages. Stop it, or say --force.`;
    throw new CliError('cli/agent-busy', sentence, EXIT.failed);
  }
  if (agentType !== undefined || capabilities !== undefined || credit !== undefined) {
    await client.resumeAgent({ receives: false });
    await client.updateAgent({ agentType, capabilities, credit });
  }
  await client.resumeAgent();
}

// The agent that a command serves: it receives the agent's messages, so no other process should.

import type { AgoraClient } from '@agora/client';
import { CliError, EXIT } from '../base/cli-error.ts';
import { defaultAgentName } from './act-as.ts';
import type { CommandContext } from './command-context.ts';

/** The registration of the agent; a missing value stays as it was registered. */
export interface ServeOptions {
  readonly agentType?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
  /** How many deliveries the agent may hold. */
  readonly credit?: number | undefined;
  /** Serve the agent even if another process does; both then receive its messages. */
  readonly force: boolean;
}

/** The name of the served agent: of `--as`, or the default agent of this user. */
export function agentNameOf(context: CommandContext): string {
  return context.settings.agent ?? defaultAgentName();
}

/**
 * Starts to receive the messages of the client's agent. Registers the agent if it does not exist. Throws `cli/agent-busy`
 * if another process serves it.
 */
export async function serveAs(
  client: AgoraClient,
  { agentType, capabilities, credit, force }: ServeOptions,
): Promise<void> {
  const [known] = await client.findAgents({ name: client.name });
  if (known?.owner !== client.identity) {
    // The hub refuses this if another identity owns the name.
    return client.registerAgent({ agentType: agentType ?? 'worker', capabilities, credit });
  }
  if (known?.presence === 'online' && !force) {
    const sentence = `Another process serves "${client.name}", and both would receive its messages. Stop it, or use --force.`;
    throw new CliError('cli/agent-busy', sentence, EXIT.failed);
  }
  if (agentType !== undefined || capabilities !== undefined || credit !== undefined) {
    await client.resumeAgent({ receives: false });
    await client.updateAgent({ agentType, capabilities, credit });
  }
  await client.resumeAgent({ ifServed: force ? 'share' : 'refuse' });
}

// The agent in whose name a command acts.

import type { AgoraClient } from '@agora/client';
import type { Context } from './context.ts';

/** A client that acts as the agent of `--as`, or as `otherwise`: registered if nobody has the name yet, else left as it is. */
export async function actAs(context: Context, otherwise?: string): Promise<AgoraClient> {
  const name = context.settings.agent ?? otherwise ?? context.agentName();
  const client = await context.connect(name);
  if (!(await client.adoptAgent())) await client.registerAgent({ agentType: 'person' });
  return client;
}

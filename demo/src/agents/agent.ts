// What the three agents have in common: they join the hub, say what they do, and leave when the demo lets go of them.

import { AgoraClient, AgoraError } from '@agora/client';
import type { CrewName } from '../crew.ts';
import { COORDINATOR } from '../words.ts';

/** An agent on the hub, and the folder it works in. */
export interface Agent {
  readonly client: AgoraClient;
  readonly out: string;
}

/** What an agent of the crew registers as. */
export interface Profile {
  readonly name: CrewName;
  readonly agentType: string;
  readonly capabilities: readonly string[];
  readonly specialization: string;
  readonly credit?: number;
}

/** Says something to whoever watches the demo. */
export function say(line: string): void {
  console.log(line);
}

/**
 * Runs one agent from its registration until standard input closes. `prepare` sets up what it does, before it registers
 * and can be found. A refusal of the hub ends it with one sentence.
 */
export async function runAgent(profile: Profile, prepare: (agent: Agent) => Promise<void>): Promise<void> {
  const [server = '', out = ''] = process.argv.slice(2);
  // A demo leaves nothing behind, no identity either.
  const client = new AgoraClient(profile.name, { server, database: 'agora', tokenStore: false });
  try {
    await client.connect();
    await prepare({ client, out });
    await client.registerAgent({
      agentType: profile.agentType,
      capabilities: profile.capabilities,
      metadata: { specialization: profile.specialization, version: '1.0.0' },
      credit: profile.credit,
    });
    say(`registered as ${profile.agentType}: ${profile.capabilities.join(', ')}`);
    await released();
    await client.unregisterAgent();
  } catch (thrown) {
    if (!(thrown instanceof AgoraError)) throw thrown;
    console.error(`${thrown.message} (${thrown.code})`);
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}

/** Settles when the demo lets go, or is gone. */
function released(): Promise<void> {
  // Ctrl-C reaches everybody; the demo closes our input when it is time.
  process.on('SIGINT', () => undefined);
  return new Promise(resolve => {
    process.stdin.resume().once('end', resolve).once('error', resolve);
  });
}

/** Confirms every announcement to the coordinator. */
export async function confirmBroadcasts({ client }: Agent): Promise<void> {
  await client.subscribeToMessages({
    filters: { messageTypes: ['system_notification'] },
    handler: async message => {
      say(`← "${message.type}" from ${message.from}, to everyone`);
      await client.sendMessage({
        toAgent: COORDINATOR,
        messageType: 'status_update',
        payload: { status: 'received', about: message.id },
      });
    },
  });
}

// Common part of the three agents: they join the hub, report their work, and leave when the demo closes their input.

import { AgoraClient, AgoraError } from '@agora/client';
import type { CrewName } from '../crew.ts';
import { COORDINATOR } from '../messages.ts';

/** An agent on the hub, and its output folder. */
export interface Agent {
  readonly client: AgoraClient;
  readonly out: string;
}

/** Registration of an agent of the crew. */
export interface Profile {
  readonly name: CrewName;
  readonly agentType: string;
  readonly capabilities: readonly string[];
  readonly specialization: string;
  readonly credit?: number;
}

/** Prints a line for the spectator. */
export function print(line: string): void {
  console.log(line);
}

/**
 * Runs one agent from its registration until standard input closes. `prepare` subscribes its handlers before it registers,
 * so before others can find it. A refusal of the hub ends it with one sentence.
 */
export async function runAgent(profile: Profile, prepare: (agent: Agent) => Promise<void>): Promise<void> {
  const [server = '', out = ''] = process.argv.slice(2);
  // The demo leaves no data behind, also no identity.
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
    print(`registered as ${profile.agentType}: ${profile.capabilities.join(', ')}`);
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

/** Settles when the demo closes the input, or ends. */
function released(): Promise<void> {
  // Ctrl-C reaches all processes; the demo decides when an agent ends.
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
      print(`← "${message.type}" from ${message.from}, to everyone`);
      await client.sendMessage({
        toAgent: COORDINATOR,
        messageType: 'status_update',
        payload: { status: 'received', about: message.id },
      });
    },
  });
}

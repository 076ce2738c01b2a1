// A process that sends with the official client.

import { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { nowMs } from '../ledger.ts';
import { numberedPayload } from '../message.ts';
import { servePart } from '../part.ts';

/** Maximum number of unconfirmed sends. */
const WINDOW = 1024;

let client: AgoraClient | undefined;

function mustClient(): AgoraClient {
  if (!client) throw new Error('the sender was not started');
  return client;
}

function send(n: number): Promise<unknown> {
  const message = { toAgent: 'Receiver', messageType: 'bench.message', payload: numberedPayload(n) };
  return mustClient().sendMessage(message);
}

servePart({
  async start(server) {
    client = new AgoraClient('Sender', { server: z.string().parse(server), tokenStore: false });
    await client.connect();
    await client.registerAgent({ agentType: 'worker', capabilities: ['bench'] });
  },
  async sendOne(argument) {
    const startedAt = nowMs();
    await send(z.number().parse(argument));
    return startedAt;
  },
  async sendMany(argument) {
    const { from, count } = z.object({ from: z.number(), count: z.number() }).parse(argument);
    const startedAt = nowMs();
    const end = from + count;
    let next = from;
    // One loop per unconfirmed send; each sends its next message when the last one was accepted.
    const loop = async () => {
      while (next < end) await send(next++);
    };
    await Promise.all(Array.from({ length: WINDOW }, loop));
    return startedAt;
  },
  stop: () => client?.close(),
});

// Clients that subscribe to their inboxes: each must receive its one message, and no message of others.

import { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { servePart } from '../part.ts';

const RECEIVE_TIMEOUT_MS = 30_000;

const clients: AgoraClient[] = [];
const received: number[] = [];
const handled: Promise<void>[] = [];

servePart({
  async start(argument) {
    const { url, watchers } = z.object({ url: z.string(), watchers: z.number() }).parse(argument);
    for (let n = 0; n < watchers; n++) {
      const client = new AgoraClient(`Watcher${n}`, { server: url, tokenStore: false });
      clients.push(client);
      received.push(0);
      const first = Promise.withResolvers<void>();
      handled.push(first.promise);
      await client.connect();
      await client.subscribeToMessages({
        filters: { messageTypes: ['bench.message'] },
        handler: async message => {
          received[n] = (received[n] ?? 0) + 1;
          await message.ack();
          first.resolve();
        },
      });
      await client.registerAgent({ agentType: 'worker', capabilities: [] });
    }
  },
  /** The clients that did not receive exactly one message. */
  async faults() {
    const late = new Promise<void>(resolve => setTimeout(resolve, RECEIVE_TIMEOUT_MS).unref());
    await Promise.race([Promise.all(handled), late]);
    return received.flatMap((count, n) => (count === 1 ? [] : [`Watcher${n} received ${count} messages, not 1`]));
  },
  async stop() {
    await Promise.all(clients.map(client => client.close()));
  },
});

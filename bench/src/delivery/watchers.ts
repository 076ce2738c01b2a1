// Clients that watch their inboxes: none may hear of what strangers say, and each hears the one word it is sent.

import { AgoraClient } from '@agora/client';
import { z } from 'zod';
import { servePart } from '../part.ts';

const HEARD_WITHIN_MS = 30_000;

const clients: AgoraClient[] = [];
const heard: number[] = [];
const handled: Promise<void>[] = [];

servePart({
  async start(argument) {
    const { url, watchers } = z.object({ url: z.string(), watchers: z.number() }).parse(argument);
    for (let n = 0; n < watchers; n++) {
      const client = new AgoraClient(`Watcher${n}`, { server: url, tokenStore: false });
      clients.push(client);
      heard.push(0);
      const first = Promise.withResolvers<void>();
      handled.push(first.promise);
      await client.connect();
      await client.subscribeToMessages({
        filters: { messageTypes: ['bench.message'] },
        handler: async message => {
          heard[n] = (heard[n] ?? 0) + 1;
          await message.ack();
          first.resolve();
        },
      });
      await client.registerAgent({ agentType: 'worker', capabilities: [] });
    }
  },
  /** Who did not hear exactly one message. */
  async faults() {
    const late = new Promise<void>(resolve => setTimeout(resolve, HEARD_WITHIN_MS).unref());
    await Promise.race([Promise.all(handled), late]);
    return heard.flatMap((count, n) => (count === 1 ? [] : [`Watcher${n} heard ${count} messages, not 1`]));
  },
  async stop() {
    await Promise.all(clients.map(client => client.close()));
  },
});

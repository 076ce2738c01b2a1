// An agent that serves until it is signalled: `node serving-process.ts <url> <database> <name>`. Prints the messages
// that it begins and ends, and a summary. A handler ends when it reads a line.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AgoraClient } from '@agora/client';

const [server, database, name = ''] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const input = createInterface(process.stdin);
const client = new AgoraClient(name, { server, database, tokenStore: false });
await client.connect();
await client.registerAgent({ agentType: 'worker', capabilities: ['work'], credit: 8 });
const serving = client.serve({
  concurrency: 1,
  messages: {
    job: async ({ payload }) => {
      say(`begun ${String(payload)}`);
      await once(input, 'line');
      say(`ended ${String(payload)}`);
    },
  },
});
say('ready');
const { reason, handled, failed, interrupted } = await serving;
say(`${reason} ${handled} ${failed} ${interrupted}`);
input.close();
process.stdin.destroy();

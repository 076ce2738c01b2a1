// A worker in a separate process that takes messages and never finishes them: `node held-worker.ts <url> <database>
// <name> <capability>`. Prints `ready`, and the id of each message that it holds, one a line.

import { AgoraClient } from '@agora/client';

const [server = '', database = '', name = '', capability = ''] = process.argv.slice(2);
const client = new AgoraClient(name, { server, database, tokenStore: false });
await client.connect();
await client.registerAgent({ agentType: 'worker', capabilities: [capability] });
await client.subscribeToMessages('job', message => {
  process.stdout.write(`${message.id}\n`);
  return new Promise(() => undefined);
});
process.stdout.write('ready\n');

// A worker in a separate process that prints when it has begun a step and never ends it: tests kill it.

import { AgoraClient } from '@agora/client';

const [server, database, name = '', capability = ''] = process.argv.slice(2);

const client = new AgoraClient(name, { server, database, tokenStore: false });
await client.connect();
client.onTask('*', async (_, { signal }) => {
  console.log('begun');
  await new Promise(resolve => signal.addEventListener('abort', resolve));
});
await client.registerAgent({ agentType: 'worker', capabilities: [capability] });

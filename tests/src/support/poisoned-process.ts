// A worker whose process ends when it handles a message with the text `poison`; the token is its identity.

import { AgoraClient } from '@agora/client';

const [server, database, token = ''] = process.argv.slice(2);

const client = new AgoraClient('Worker', { server, database, token });
await client.connect();
await client.registerAgent({ agentType: 'worker' });
await client.subscribeToMessages('meal', ({ payload }) => {
  const { text } = payload as { text: string }; // the test sends it
  console.log(text);
  if (text === 'poison') process.kill(process.pid, 'SIGKILL');
});

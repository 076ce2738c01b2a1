// A program without a configured identity: `node identity-process.ts <url> <database>` prints its identity.

import { AgoraClient } from '@agora/client';

const [server, database] = process.argv.slice(2);
await using client = new AgoraClient('Anybody', { server, database });
await client.connect();
console.log(client.identity);

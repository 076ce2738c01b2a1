// A program that says nothing about who it is: `node identity-process.ts <url> <database>` tells its identity.

import { AgoraClient } from '@agora/client';

const [server, database] = process.argv.slice(2);
await using client = new AgoraClient('Anybody', { server, database });
await client.connect();
console.log(client.identity);

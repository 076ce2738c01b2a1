// A program that sends without a connection: `node offline-process.ts <url> <database> <name> <file> <first> <count>
// [<token>]` sends `count` numbers to Peer through an outbox in a file, prints the outcome of each, and keeps running.
// With a token it then connects.

import { AgoraClient } from '@agora/client';

const [server, database, name = '', file = '', first = '0', count = '0', token] = process.argv.slice(2);
const identity = token === undefined ? { tokenStore: false as const } : { token };
const client = new AgoraClient(name, { server, database, outbox: { file }, ...identity });
client.on('outbox', ({ what, payload }) => process.stdout.write(`${what} ${String(payload)}\n`));
for (let n = 0; n < Number(count); n++) {
  client.sendMessage({ to: 'Peer', messageType: 'kept', payload: Number(first) + n }).catch(() => undefined);
}
if (token !== undefined) {
  await client.connect({ retryForMs: 20_000 });
  await client.registerAgent({ agentType: 'worker' });
}
setInterval(() => undefined, 1_000);

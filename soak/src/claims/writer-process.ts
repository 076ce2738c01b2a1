// One of the processes that fight for a file: claims it, rewrites it with one line more, and releases it, until it is stopped.

import { readFile, rename, writeFile } from 'node:fs/promises';
import { AgoraClient } from '@agora/client';

const [server, database, name = '', file = '', lease = ''] = process.argv.slice(2);

const client = new AgoraClient(name, { server, database, tokenStore: false });
await client.connect();
await client.registerAgent({ agentType: 'worker' });
for (let write = 1; ; write++) {
  await using lock = await client.claim({ name: file }, { timeoutMs: 600_000, leaseMs: Number(lease) });
  const line = `${lock.number} ${name} ${write}`;
  const before = await readFile(file, 'utf8');
  // Not atomic on purpose: without the claim, a line of another process would be lost here.
  await new Promise(setImmediate);
  await writeFile(`${file}.${name}`, `${before}${line}\n`);
  if (lock.signal.aborted) continue;
  await rename(`${file}.${name}`, file);
  console.log(line);
}

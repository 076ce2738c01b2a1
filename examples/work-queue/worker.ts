// A worker of the queue `@resize`: `node worker.ts NAME`. Start as many as you like; each job goes to exactly one.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgoraClient } from '@agora/client';

const name = process.argv[2] ?? `Worker-${process.pid}`;
const worker = new AgoraClient(name);
await worker.connect({ retryForMs: 60_000 });
// Two jobs at a time: the hub holds the rest back for other workers.
await worker.registerAgent({ agentType: 'worker', capabilities: ['resize'], credit: 2 });
console.log(`${name} is ready`);

const served = await worker.serve({
  concurrency: 2,
  messages: {
    resize: async ({ payload, attempt }, { signal }) => {
      const { file } = payload as { file: string };
      await sleep(20, undefined, { signal });
      // A failure that may pass. The hub gives the job out again after a backoff, to any worker.
      if (file.includes('flaky') && attempt === 1) throw new Error('the disk was busy');
      return { file, by: name, attempt };
    },
  },
});
console.log(`${name} did ${served.handled} jobs`);

// Puts jobs into the queue and collects the results: `node produce.ts 20`. The jobs wait while no worker is there.

import { AgoraClient } from '@agora/client';

const count = Number(process.argv[2] ?? 20);

await using producer = new AgoraClient('Producer');
await producer.connect();
await producer.registerAgent({ agentType: 'coordinator' });

const files = Array.from({ length: count }, (_, index) =>
  index % 5 === 4 ? `flaky-${index}.png` : `image-${index}.png`,
);
const answers = await Promise.all(
  files.map(file => producer.sendMessage({ to: '@resize', messageType: 'resize', payload: { file }, timeout: 120 })),
);

const byWorker = new Map<string, number>();
for (const { from } of answers) byWorker.set(from, (byWorker.get(from) ?? 0) + 1);
console.log(`${answers.filter(({ status }) => status === 'success').length} of ${count} jobs are done`);
for (const [worker, jobs] of [...byWorker].sort()) console.log(`${worker}: ${jobs}`);

// Asks the translator: `node ask.ts hello de`. The exit code is 0 with an answer, 1 with an error, 4 without an answer in time.

import { AgoraClient, TimeoutError } from '@agora/client';
import { types } from './types.ts';

const [text = 'hello', to = 'de'] = process.argv.slice(2);

await using asker = new AgoraClient(`Asker-${process.pid}`, { types });
await asker.connect();
await asker.registerAgent({ agentType: 'person' });
try {
  const payload = { text, to: to === 'fr' ? ('fr' as const) : ('de' as const) };
  const pending = asker.ask({ to: '@translate', messageType: 'translate', payload, timeout: 10 });
  for await (const { data } of pending) console.log('…', data);
  const answer = await pending;
  if (answer.status === 'success') console.log(answer.data.text);
  else {
    console.error(answer.status === 'error' ? answer.error : 'it asks back');
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof TimeoutError)) throw error;
  console.error('no answer in time');
  process.exitCode = 4;
} finally {
  await asker.unregisterAgent();
}

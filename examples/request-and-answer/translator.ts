// Answers questions: translates greetings, and reports progress. A real one would call a model in `translate`.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgoraClient, PermanentError } from '@agora/client';
import { types } from './types.ts';

const WORDS: Readonly<Record<string, Readonly<Record<'de' | 'fr', string>>>> = {
  hello: { de: 'Hallo', fr: 'Bonjour' },
  thanks: { de: 'Danke', fr: 'Merci' },
};

const translator = new AgoraClient('Translator', { types });
await translator.connect({ retryForMs: 60_000 });
await translator.registerAgent({ agentType: 'worker', capabilities: ['translate'] });
console.log('Translator is ready');

await translator.serve({
  messages: {
    translate: async ({ payload }, context) => {
      await context.progress('looking it up');
      await sleep(100, undefined, { signal: context.signal });
      const text = WORDS[payload.text]?.[payload.to];
      // A retry would not help, so the asker gets the error immediately.
      if (text === undefined) throw new PermanentError(`"${payload.text}" is not in the dictionary`);
      return { text };
    },
  },
});

import { expect, test } from 'vitest';
import { oldNodeSentence } from './node-version.ts';

test('a Node.js that is too old is named, with the version that is needed', () => {
  expect(oldNodeSentence('20.20.2')).toBe(
    'agora needs Node.js 24 or newer; this is 20.20.2. In a clone of Agora, `npm run agora` installs it.',
  );
  expect(oldNodeSentence('24.0.0')).toBeUndefined();
  expect(oldNodeSentence('100.1.0')).toBeUndefined();
});

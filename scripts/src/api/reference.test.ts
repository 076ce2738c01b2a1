import { expect, test } from 'vitest';
import { referenceIndex, referencePage } from './reference.ts';

const excerpt = (...texts: string[]) => texts.map(text => ({ text }));

const MODEL = JSON.stringify({
  name: '@agora/thin',
  members: [
    {
      members: [
        {
          kind: 'Class',
          name: 'Client',
          canonicalReference: '@agora/thin!Client:class',
          docComment: '/**\n * A client of <T>.\n *\n * @example\n * ```ts\n * new Client<T>();\n * ```\n */\n',
          excerptTokens: [
            { text: 'declare class Client extends ' },
            { text: 'Calls', canonicalReference: '@agora/thin!~Calls:class' },
            { text: ' ' },
          ],
          extendsTokenRange: { startIndex: 1, endIndex: 2 },
        },
        {
          kind: 'Class',
          name: 'Calls',
          canonicalReference: '@agora/thin!~Calls:class',
          excerptTokens: excerpt('declare class Calls'),
          members: [
            {
              kind: 'Method',
              name: 'send',
              canonicalReference: '@agora/thin!~Calls#send:member(1)',
              docComment: '/** Sends. See {@link Client}. */',
              excerptTokens: excerpt('send(): ', 'void', ';'),
            },
          ],
        },
        {
          kind: 'Interface',
          name: 'Options',
          canonicalReference: '@agora/thin!Options:interface',
          excerptTokens: excerpt('interface Options '),
          members: [
            {
              kind: 'PropertySignature',
              name: 'url',
              canonicalReference: '@agora/thin!Options#url:member',
              docComment: '/** Where it is. */\n',
              excerptTokens: excerpt('readonly url: string;'),
            },
          ],
        },
      ],
    },
  ],
});

test('a page has every export with its comment, and a class the methods that it inherits', () => {
  const { file, text } = referencePage(MODEL, '@agora/thin/node');
  expect(file).toBe('thin-node.md');
  expect(text).toContain('### Client\n\nA client of &lt;T>.\n\nExample:\n\n```ts\nnew Client<T>();\n```');
  expect(text).toContain('#### send\n\n```ts\nsend(): void;\n```\n\nSends. See `Client`.');
  expect(text).toContain('interface Options {\n  /** Where it is. */\n  readonly url: string;\n}');
  expect(text).not.toContain('### Calls');
});

test('the index links every page', () => {
  expect(referenceIndex([referencePage(MODEL, '@agora/thin')])).toContain('[`@agora/thin`](thin.md)');
});

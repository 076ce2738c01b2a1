import { describe, expect, test } from 'vitest';
import { countFile, packagesAboveLimit, rateOf, sumOf } from './count-words.ts';
import { commentsOf } from './prose.ts';
import { AVOIDED_WORDS } from './word-list.ts';

/** A plain sentence of ten words. */
const PLAIN = 'The sender retries with exponential backoff until the hub answers.';

function wordsOf(path: string, text: string): string[] {
  return countFile(path, text).hits.map(({ line, word }) => `${line} ${word}`);
}

describe('avoided words in code', () => {
  test('are found in every kind of comment, with their line', () => {
    const text =
      '// Whoever asks.\n/* It\n   was said. */\n/**\n * Told of it,\n * meanwhile.\n */\nexport const a = 1; // anew\n';
    expect(wordsOf('a.ts', text)).toEqual(['1 Whoever', '3 said', '5 Told', '6 meanwhile', '8 anew']);
  });

  test('are found across the end of a line, in one comment and in adjacent ones', () => {
    expect(wordsOf('a.ts', '/**\n * The agent lets\n * go of it.\n */\n')).toEqual(['2 lets go']);
    expect(wordsOf('a.ts', '// The row is\n// gone.\n')).toEqual(['1 is gone']);
  });

  test('are not looked for in strings, templates, regular expressions, names and the text of JSX', () => {
    const text = [
      "const whoever = '// said';",
      'const told = `/* heard */ ${whoever /* anew */} // stands`;',
      'const expression = /\\/\\/ nobody/;',
      'const page = <p>// somebody</p>;',
    ].join('\n');
    expect(wordsOf('a.tsx', text)).toEqual(['2 anew']);
  });

  test('are found in JavaScript, also after a line that names the program', () => {
    expect(wordsOf('run.mjs', '#!/usr/bin/env node\n// Told once.\n')).toEqual(['2 Told']);
  });

  test('are not counted twice where one comment has two neighbours', () => {
    expect(commentsOf('a.ts', 'call(/* first */ a, /* second */ b); // third\n').map(({ text }) => text)).toEqual([
      '/* first */',
      '/* second */',
      '// third',
    ]);
  });
});

describe('avoided words in documents', () => {
  test('are found in prose and in tables', () => {
    expect(wordsOf('a.md', '# Head\n\nNobody reads.\n\n| a | is told |\n')).toEqual(['3 Nobody', '5 told']);
  });

  test('are not looked for in code and addresses', () => {
    const text =
      'Call `told()` or [read](said.md).\n\n```ts\n// heard\n```\n\n<https://example.org/said> https://a.b/told\n\nanew\n';
    expect(wordsOf('a.md', text)).toEqual(['9 anew']);
  });
});

test('technical uses of a word are allowed', () => {
  const text = '// `*` stands for all, a stand-in for it. At most 4 at once; there is room for two. HTTP 410 Gone.\n';
  expect(wordsOf('a.ts', text)).toEqual([]);
});

test('one planted word in 1,000 is allowed, two make a package fail, and a failing package is named', () => {
  const clean = countFile('a.md', `${PLAIN}\n`.repeat(300));
  const planted = (times: number) => countFile('b.md', `${PLAIN}\n`.repeat(98) + 'It was said.\n'.repeat(times));
  expect(planted(1)).toMatchObject({ words: 983 });
  const [one, two, other] = [sumOf('one', [planted(1), clean]), sumOf('two', [planted(2)]), sumOf('other', [clean])];
  const all = (...packages: (typeof one)[]) =>
    sumOf(
      'all',
      packages.flatMap(({ files }) => files),
    );
  expect(packagesAboveLimit([one, other], all(one, other))).toEqual([]);
  expect(packagesAboveLimit([two, other], all(two, other)).map(({ name }) => name)).toEqual(['two']);
  expect(rateOf(two)).toBeGreaterThan(1);
});

test('every word of the list has its plain replacement and a pattern that can be read', () => {
  for (const { pattern, use } of AVOIDED_WORDS) {
    expect(use).not.toBe('');
    expect(() => new RegExp(pattern)).not.toThrow();
  }
});

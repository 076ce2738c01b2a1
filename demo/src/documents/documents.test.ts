import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anchorsOf, fenced, parseMarkdown } from './markdown.ts';
import { readPackageApi, type PackageApi } from './package-api.ts';
import { renderPage } from './page.ts';
import { reviewPage } from './review.ts';
import { scorePage } from './score.ts';

const SOURCE = `
/** Adds two numbers. */
export function add(a: number, b: number): number { return a + b; }
export const ADD = { plus: '+' } as const;
/**
 * Counts calls.
 * @example
 * new Counter().count();
 */
export class Counter {
  #n = 0;
  /** Counts one more. */
  count(): number { return ++this.#n; }
  private hidden(): void {}
}
export interface Shape { readonly sides: number }
`;

let root: string;
let file: string;
let api: PackageApi;
const checksOf = (text: string) => reviewPage(text, file, api).map(finding => finding.check);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'agora-demo-'));
  file = join(root, 'out', 'item.md');
  mkdirSync(join(root, 'item', 'src'), { recursive: true });
  mkdirSync(join(root, 'out'));
  const manifest = { name: '@x/item', description: 'An item', exports: { '.': './src/index.ts' } };
  writeFileSync(join(root, 'item', 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(root, 'item', 'tsconfig.json'), '{ "compilerOptions": { "target": "ES2024", "strict": true } }');
  writeFileSync(join(root, 'item', 'src', 'index.ts'), SOURCE);
  api = readPackageApi(root, 'item');
});

afterAll(() => rmSync(root, { recursive: true }));

describe('reading a package', () => {
  test('finds every export with its kind, docstring, place and examples', () => {
    const items = Object.fromEntries((api.entries[0]?.items ?? []).map(item => [item.name, item]));
    expect(Object.keys(items).sort()).toEqual(['ADD', 'Counter', 'Shape', 'add']);
    expect(items['add']).toMatchObject({ kind: 'function', summary: 'Adds two numbers.', line: 3 });
    expect(items['add']?.signature).toBe('declare function add(a: number, b: number): number;');
    expect(items['ADD']).toMatchObject({ kind: 'constant', summary: '' });
    expect(items['Counter']?.members).toEqual([{ name: 'count', summary: 'Counts one more.' }]);
    expect(items['Counter']?.examples).toEqual(['new Counter().count();']);
    expect(items['Shape']?.kind).toBe('interface');
  });
});

describe('the review of a page', () => {
  test('finds what the source does not describe, and nothing once the page names it', () => {
    expect(checksOf(renderPage(api, { root, file }))).toEqual(['gap', 'gap']);
    expect(checksOf(renderPage(api, { root, file, nameGaps: true }))).toEqual([]);
  });

  test('finds a missing export, a broken link, broken code and a missing example', () => {
    const good = renderPage(api, { root, file, nameGaps: true });
    expect(checksOf(good.replace('### Counter\n', '### Kounter\n'))).toContain('missing-export');
    expect(checksOf(good.replaceAll('](#shape)', '](#shapes)'))).toEqual(['broken-link']);
    expect(checksOf(good.replaceAll('src/index.ts)', 'src/gone.ts)'))).toContain('broken-link');
    expect(checksOf(good.replace('a: number', 'a number'))).toEqual(['broken-code']);
    expect(checksOf(good.replace(/^import .*$/m, '// nothing'))).toEqual(['no-example']);
    expect(checksOf(good.concat('\n## Contents\n'))).toEqual(['duplicate-heading']);
    expect(checksOf(good.concat('\n```ts\nlet a;'))).toEqual(['broken-code']);
  });
});

describe('the score of a page', () => {
  test('is computed from the text and the package', () => {
    const score = scorePage(renderPage(api, { root, file, nameGaps: true }), api);
    expect(score).toMatchObject({ described: 50, readable: 100, structured: 100, total: 75, codeBlocks: 6 });
  });

  test('falls with long sentences and jumping headings', () => {
    const long = `# T\n\n### Deep\n\n${'word '.repeat(40)}.\n`;
    expect(scorePage(long, api)).toMatchObject({ readable: 0, structured: 50, wordsPerSentence: 40 });
  });
});

describe('markdown', () => {
  test('numbers equal anchors', () => {
    expect(anchorsOf(['Priority', 'PRIORITY', '@x/thing a'])).toEqual(['priority', 'priority-1', 'xthing-a']);
  });

  test('keeps any code inside a fence', () => {
    const code = 'a\n```ts\nb\n```\n# no heading';
    expect(parseMarkdown(fenced('md', code))).toMatchObject({ headings: [], fences: [{ code, closed: true }] });
  });
});

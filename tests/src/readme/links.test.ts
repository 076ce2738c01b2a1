// Links of all documents lead to files and headings that exist.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXCLUDED = [
  '**/node_modules/**',
  'docs/api/**',
  'docs/.vitepress/**',
  '*/api/**',
  'tests/conformance/recordings/**',
  '**/lib/**',
  '**/dist/**',
];
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** The text without code, in which brackets are no links. */
function prose(text: string): string {
  return text.replace(/^\s*```[^]*?^\s*```/gm, '').replace(/`[^`\n]*`/g, '`code`');
}

/** The anchors of the headings of a document, as GitHub and VitePress make them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^\s*```[^]*?^\s*```/gm, '').match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map(heading =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s+/g, '-'),
    ),
  );
}

function brokenLinks(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...prose(text).matchAll(LINK)].flatMap(([, target = '']) => {
    // Addresses of the world are not asked; the API reference is generated when the site is built.
    if (/^[a-z]+:/.test(target) || target.endsWith('api/index.md')) return [];
    const [file = '', anchor] = target.split('#');
    const full = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file);
    if (!existsSync(full)) return [`${path}: ${target}`];
    const isFound = anchor === undefined || anchorsOf(readFileSync(full, 'utf8')).has(anchor);
    return isFound ? [] : [`${path}: ${target} (no such heading)`];
  });
}

test('every link between documents leads to a file and a heading', () => {
  const documents = globSync('**/*.md', { cwd: ROOT, exclude: EXCLUDED });
  expect(documents).toContain('docs/index.md');
  expect(documents.flatMap(brokenLinks)).toEqual([]);
});

test('every page of the site is reached from its start', () => {
  const reached = new Set(['docs/index.md']);
  for (const path of reached) {
    for (const [, target = ''] of prose(readFileSync(join(ROOT, path), 'utf8')).matchAll(LINK)) {
      const file = join(dirname(path), target.split('#')[0] ?? '');
      if (target.endsWith('.md') && existsSync(join(ROOT, file))) reached.add(file);
    }
  }
  const pages = globSync('docs/**/*.md', { cwd: ROOT, exclude: EXCLUDED });
  expect(pages.filter(page => !reached.has(page))).toEqual([]);
});

// Rules for the code blocks of the documents: they compile, and a test runs each.

import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isExpected } from './support/blocks.ts';
import { PAGES, ROOT } from './support/pages.ts';
import { typeErrors } from './support/type-check.ts';

test('all TypeScript of the documents passes the compiler', { timeout: 120_000 }, () => {
  expect(typeErrors(PAGES)).toEqual([]);
});

test('a test that takes over a block exists', () => {
  const covered = PAGES.flatMap(({ page }) => page.items)
    .flatMap(item => ('block' in item ? [/^covered by (.*)$/.exec(item.block.directive ?? '')?.[1] ?? ''] : []))
    .filter(path => path !== '');
  expect(covered).not.toEqual([]);
  expect(globSync([...new Set(covered)], { cwd: ROOT }).sort()).toEqual([...new Set(covered)].sort());
});

test('a named block is used on its page', () => {
  const unused = PAGES.flatMap(({ path, page }) => {
    const commands = page.items.map(item =>
      'hidden' in item ? item.hidden : item.block.language === 'bash' ? item.block.code : '',
    );
    const sources = page.items.map(item => ('block' in item ? item.block.code : ''));
    return page.items.flatMap(item => {
      if (!('block' in item) || item.block.name === undefined || item.block.directive) return [];
      const { name } = item.block;
      const isUsed = commands.some(text => text.includes(name)) || sources.some(text => text.includes(`'./${name}'`));
      return isUsed ? [] : [`${path}: ${name}`];
    });
  });
  expect(unused).toEqual([]);
});

test('"…" in an expected output matches anything, all else only itself', () => {
  expect(isExpected('id 7 (new)\n', 'id … (new)')).toBe(true);
  expect(isExpected('id 7 (old)', 'id … (new)')).toBe(false);
  expect(isExpected('more\nthan this', 'this')).toBe(false);
});

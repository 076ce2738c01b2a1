// The files that the guides name exist.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Folders that a short path may start in, besides the root. */
const SHORT = ['', 'module/src/', 'client/src/', 'host/src/', 'cli/src/', 'module/'];

/** Paths in inline code, without placeholders: `a/b.ts`, `folder/`. */
function pathsOf(document: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/`([a-z][\w./*-]*(?:\/|\.(?:ts|js|md|json|mjs)))`/g)].map(([, path = '']) => path);
}

/** The last folder named before a bare file name counts too: `message/accept.ts …, lane.ts`. */
function isThere(path: string): boolean {
  if (SHORT.some(folder => existsSync(join(ROOT, folder, path)))) return true;
  return globSync(`{module,client,host,cli}/src/**/${path}`, { cwd: ROOT }).length > 0;
}

test.each(['ARCHITECTURE.md', 'AGENTS.md', 'CONTRIBUTING.md'])('every path in %s exists', document => {
  const paths = pathsOf(document);
  expect(paths.length).toBeGreaterThan(3);
  expect(paths.filter(path => !path.includes('*') && !isThere(path))).toEqual([]);
});

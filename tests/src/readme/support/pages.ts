// The pages whose code blocks run.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBlocks } from './blocks.ts';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Made by tools, or shown from another folder. */
const EXCLUDED = ['docs/node_modules/**', 'docs/api/**'];
/** All pages with code. */
export const PAGES = globSync(['docs/**/*.md', 'README.md', 'SECURITY.md', 'examples/README.md'], {
  cwd: ROOT,
  exclude: EXCLUDED,
})
  .sort()
  .map(path => ({ path, page: readBlocks(readFileSync(join(ROOT, path), 'utf8')) }))
  .filter(({ page }) => page.items.length > 0);

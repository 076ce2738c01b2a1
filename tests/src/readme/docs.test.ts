// Every code block of the documents, run like a reader runs it: from top to bottom of its page, against a hub.

import { join } from 'node:path';
import { test } from 'vitest';
import { runPage } from './support/page-run.ts';
import { PAGES, ROOT } from './support/pages.ts';

test.each(PAGES)('$path: every block does what the page says', { timeout: 240_000 }, ({ path, page }) =>
  runPage(page, path.startsWith('examples') ? join(ROOT, 'examples') : undefined),
);

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BROWSER_ENTRIES, browserSize } from './browser-size.ts';
import { ROOT } from './packages.ts';

/** Maximum gzip bytes that a page loads. */
const MAX_BYTES = { '@agora/client': 113_000, '@agora/client/react': 115_000 };

test.each(Object.entries(BROWSER_ENTRIES))('%s is within its bound', async (name, code) => {
  const { gzip, parts } = await browserSize(code);
  const maxBytes = MAX_BYTES[name as keyof typeof MAX_BYTES]; // each entry has a bound
  expect(gzip, `${gzip} bytes; the largest parts: ${JSON.stringify(parts.slice(0, 4))}`).toBeLessThan(maxBytes);
});

test('the README states the size', async () => {
  const readme = readFileSync(join(ROOT, 'client/README.md'), 'utf8');
  const stated = Number(/(\d+) kB gzip/.exec(readme)?.[1]) * 1000;
  const { gzip } = await browserSize(BROWSER_ENTRIES['@agora/client']);
  expect(Math.abs(gzip - stated), `${gzip} bytes; client/README.md says ${stated}`).toBeLessThan(stated / 10);
});

test('code that few pages need is loaded later', async () => {
  const { parts } = await browserSize(BROWSER_ENTRIES['@agora/client']);
  expect(parts.map(([part]) => part)).not.toContain('yaml');
});

test('code that needs Node.js is refused', async () => {
  await expect(browserSize("import 'node:fs'")).rejects.toThrow('Could not resolve "node:fs"');
});

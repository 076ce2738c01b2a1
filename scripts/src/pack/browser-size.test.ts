import { expect, test } from 'vitest';
import { BROWSER_ENTRIES, browserSize } from './browser-size.ts';

/** Bytes that a page loads at most, gzip. Whoever has to raise this tells the new size in client/README.md. */
const MOST = { '@agora/client': 100_000, '@agora/client/react': 103_000 };

test.each(Object.entries(BROWSER_ENTRIES))('%s is no heavier than what is stated', async (name, code) => {
  const { gzip, parts } = await browserSize(code);
  const most = MOST[name as keyof typeof MOST]; // each entry has a bound
  expect(gzip, `${gzip} bytes; the largest parts: ${JSON.stringify(parts.slice(0, 4))}`).toBeLessThan(most);
});

test('what only few pages need is loaded later', async () => {
  const { parts } = await browserSize(BROWSER_ENTRIES['@agora/client']);
  expect(parts.map(([part]) => part)).not.toContain('yaml');
});

test('what needs Node.js is refused', async () => {
  await expect(browserSize("import 'node:fs'")).rejects.toThrow('Could not resolve "node:fs"');
});

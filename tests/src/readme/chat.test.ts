// The chat of examples/, in a real browser.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startHub } from '@agora/hub';
import { expect, test } from 'vitest';
import { startChromium } from '../browser/browser.ts';

const SERVE = fileURLToPath(new URL('../../../examples/chat/serve.ts', import.meta.url));

/** Starts the server of the page, and returns the address that it prints. */
async function servePage(): Promise<{ readonly address: string } & Disposable> {
  const env = { ...process.env, PORT: '0' };
  const child = spawn(process.execPath, [SERVE], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    printed += text;
    if (printed.includes('\n')) break;
  }
  const address = /Open (\S+)/.exec(printed)?.[1];
  if (address === undefined) throw new Error(`no address: ${printed}`);
  return { address, [Symbol.dispose]: () => void child.kill() };
}

test('three agents chat in one page', { timeout: 60_000 }, async () => {
  using server = await servePage();
  const address = new URL(server.address);
  // As `npm start -- --allow-origin …` does.
  await using hub = await startHub({ allowOrigins: [address.origin] });
  address.searchParams.set('hub', hub.url);
  await using chromium = await startChromium();
  const page = await chromium.browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', error => errors.push(String(error)));
  await page.goto(address.href);
  const linesOf = (name: string) => page.locator(`#${name} li`).allInnerTexts();
  await expect.poll(() => page.locator('#state').innerText()).toContain('are in #chat');

  await page.locator('#Ada input').fill('Is the sky <b>blue</b>?');
  await page.locator('#Ada input').press('Enter');
  const answer = 'Ben: I think so: is the sky <b>blue</b>.';
  for (const name of ['Ada', 'Ben', 'Cleo'])
    await expect.poll(() => linesOf(name)).toEqual(['Ada: Is the sky <b>blue</b>?', answer]);

  await page.locator('#Ben input').fill('Good.');
  await page.locator('#Ben input').press('Enter');
  for (const name of ['Ada', 'Ben', 'Cleo']) await expect.poll(() => linesOf(name)).toHaveLength(4);
  expect(await linesOf('Ada')).toContain('Cleo: That makes 3 lines.');
  expect(errors).toEqual([]);
});

// `pnpm pictures`: makes the pictures of the documents from a hub with live traffic.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { agent, startDashboardBrowser, startDashboardHub } from './support/dashboard.ts';
import { startScene } from './support/scene.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/pictures');
const VIEWPORT = { width: 1280, height: 800 };
/** Seconds of traffic before the first picture, so that its charts have a form. */
const SECONDS = 30;

const EVENTS = [
  'build.started',
  undefined,
  'tests.passed',
  'build.finished',
  undefined,
  undefined,
  'docs.published',
  undefined,
];

await mkdir(FOLDER, { recursive: true });
await using hub = await startDashboardHub();
await using scene = await startScene(hub);
await using browser = await startDashboardBrowser();
const crew = await Promise.all(
  ['Indexer', 'Translator', 'Tester'].map(name => agent(hub, name, [name.toLowerCase()], hub.ownerToken)),
);
const { page, go } = await browser.open(hub, hub.ownerToken, 'overview', { viewport: VIEWPORT, colorScheme: 'light' });
for (let second = 0; second < SECONDS; second++) {
  const messages = 6 + Math.round(5 * Math.sin(second / 3) + (second % 4));
  for (let n = 0; n < messages; n++) {
    const to = ['Indexer', 'Translator', 'Tester'][n % 3] ?? 'Indexer';
    await scene.lead.sendMessage({ to, messageType: 'page_changed', payload: { page: n, second } });
  }
  const event = EVENTS[second % EVENTS.length];
  if (event !== undefined) await scene.lead.publishEvent({ eventType: event, data: { second } });
  await setTimeout(1_000);
}
const take = async (name: string, path: string, text: string) => {
  await go(path);
  await page.getByText(text).first().waitFor();
  await setTimeout(1_500);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
};
await page.screenshot({ path: join(FOLDER, 'overview.png') });
await take('workflow', `workflows/${scene.workflow}?step=review`, 'waits for the approval');
await page.emulateMedia({ colorScheme: 'dark' });
await take('message-dark', `messages/${scene.messages.ask}`, '1204');
await Promise.all(crew.map(client => client.close()));

// The look of every page: axe in light, dark and on a phone, and no page that scrolls sideways.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hub } from '@agora/hub';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startDashboardBrowser, startDashboardHub, WITHIN, type DashboardBrowser } from './support/dashboard.ts';
import { startScene, type Scene } from './support/scene.ts';

vi.setConfig({ testTimeout: 120_000 });

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOOKS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 320, height: 700 }, hasTouch: true, reducedMotion: 'reduce' }],
] as const;

let browser: DashboardBrowser;
let hub: Hub;
let scene: Scene;

beforeAll(async () => {
  [browser, hub] = await Promise.all([startDashboardBrowser(), startDashboardHub()]);
  scene = await startScene(hub);
}, 120_000);

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await browser[Symbol.asyncDispose]();
  await hub.close();
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

describe.each(LOOKS)('%s', (_, options) => {
  test('has no serious finding of axe, and fits its width', async () => {
    // The policy of the page lets no test inject a script, so here it does not hold.
    const { page, go } = await browser.open(hub, hub.ownerToken, 'overview', { ...options, bypassCSP: true });
    await page.evaluate(AXE);
    const faults: string[] = [];
    const check = async (path: string) => {
      const { violations } = await page.evaluate<{ violations: Violation[] }>(
        "axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })",
      );
      for (const { id, impact, nodes } of violations) {
        if (impact === 'serious' || impact === 'critical')
          faults.push(`${path}: ${id}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`);
      }
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      if (Number(wide) > 0) faults.push(`${path}: ${String(wide)} pixels too wide`);
    };
    const { ask, dead } = scene.messages;
    const pages: [string, string][] = [
      ['overview', 'Archivist'],
      ['agents', 'Archivist'],
      ['agents/Archivist', 'report'],
      ['messages', 'question'],
      [`messages/${ask}`, 'Answers'],
      [`messages/${dead}`, 'missing'],
      ['workflows', 'documentation'],
      [`workflows/${scene.workflow}?step=draft`, 'docs/api.md'],
      ['events', 'build.finished'],
      ['dead-letters', 'broken'],
      ['groups', '#docs'],
      ['claims', 'docs/guide.md'],
      [`claims/${scene.claim}`, 'Others on these resources'],
      ['operators', 'you'],
      ['nowhere', 'no page'],
    ];
    for (const [path, text] of pages) {
      await go(path);
      await expect.poll(() => page.locator('#main').innerText(), { ...WITHIN, message: path }).toContain(text);
      await check(path);
    }
    for (const key of ['n', 's', '?', 'Control+k']) {
      await page.locator('#main h1').focus();
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      await check(`dialog of ${key}`);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test('has a sign-in page without a serious finding', async () => {
    const { page } = await browser.openAnonymous(hub.url, { ...options, bypassCSP: true });
    await page.getByRole('heading', { name: 'Sign in to this hub' }).waitFor();
    await page.evaluate(AXE);
    const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    await page.context().close();
  });
});

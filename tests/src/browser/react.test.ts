// The hooks for React, in a real browser, against a hub on another origin.

import { join } from 'node:path';
import type { Priority } from '@agora/client';
import { startHub, type TestHub } from '@agora/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { openBrowser, type TestBrowser } from './browser.ts';

vi.setConfig({ testTimeout: 60_000 });

const WITHIN = { timeout: 10_000, interval: 20 };

let browser: TestBrowser;
let hub: TestHub;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser(join(import.meta.dirname, 'page/page.tsx'));
}, 120_000);

afterAll(() => browser[Symbol.asyncDispose]());

beforeEach(async () => {
  hub = await startHub();
  const opened = await browser.open();
  ({ page } = opened);
  // Functions do not cross into the browser; this one stays on the page and is called there.
  await page.waitForFunction('window.mount !== undefined');
  await page.evaluate(`window.unmount = window.mount(${JSON.stringify(hub.url)})`);
  await shown('#state', 'connected');
  await expect.poll(() => hub.rows('agent').length, WITHIN).toBe(1);
  onTestFinished(async () => {
    await page.context().close();
    await hub.close();
    expect(opened.errors).toEqual([]);
  });
});

async function shown(selector: string, text: string | RegExp): Promise<void> {
  await expect.poll(() => page.locator(selector).innerText(), WITHIN).toMatch(text);
}

/** Shows or hides a panel. */
async function toggle(panel: string): Promise<void> {
  await page.getByRole('button', { name: panel, exact: true }).click();
}

describe('a page', () => {
  test('is one agent in strict mode, and leaves when it is unmounted', async () => {
    const isThere = [expect.objectContaining({ name: 'Page', presence: 'online', capabilities: ['showing'] })];
    await expect.poll(() => hub.rows('agent'), WITHIN).toEqual(isThere);
    expect(hub.rows('attachment')).toHaveLength(1);
    await page.evaluate('window.unmount()');
    await expect.poll(() => hub.rows('attachment'), WITHIN).toEqual([]);
  });

  test('reports why it is not connected', async () => {
    await page.evaluate('window.unmount()');
    await page.evaluate(`window.mount(${JSON.stringify(hub.url)}.replace(/\\d+$/, '1025'))`);
    await shown('#state', 'connection/refused');
  });
});

describe('a connection that is lost', () => {
  test('is restored, and the page shows all changes that it missed', async () => {
    await page.evaluate('window.unmount()');
    await using proxy = await openTcpProxy(hub.url);
    await page.evaluate(`window.unmount = window.mount(${JSON.stringify(proxy.url)}, 'Far')`);
    const ada = await hub.connect('Ada');
    for (const panel of ['agents', 'events', 'inbox']) await toggle(panel);
    await shown('#agents p', /(?=.*Ada)(?=.*Far)/);
    await ada.publishEvent({ eventType: 'page.counted', data: { n: 1 } });
    await shown('#events p', /^1$/);

    proxy.cut();
    await shown('#state', 'reconnecting');
    await hub.connect('Ben');
    await ada.publishEvent({ eventType: 'page.counted', data: { n: 2 } });
    const answer = ada.sendMessage({ to: 'Far', messageType: 'question', payload: 'back?', timeoutMs: 20_000 });
    proxy.restore();

    await shown('#state', /^connected$/);
    await shown('#agents p', /(?=.*Ada)(?=.*Far)(?=.*Ben)/);
    await shown('#events p', /^1 2$/);
    await shown('[title=first]', /back\?/);
    await page.locator('[title=first] button').click();
    expect((await answer).data).toBe('yes');
  });
});

describe('useAgents', () => {
  test('shows agents that register and leave', async () => {
    const ada = await hub.connect('Ada');
    await toggle('agents');
    await shown('#agents p', /^Page Ada$/);
    await hub.connect('Ben');
    await shown('#agents p', /^Page Ada Ben$/);
    await ada.unregisterAgent();
    await shown('#agents p', /^Page Ben$/);
  });
});

describe('useInbox', () => {
  test('shows waiting messages by priority, the same in every component, until they are settled', async () => {
    const ada = await hub.connect('Ada');
    const ask = (payload: string, priority: Priority) =>
      ada.sendMessage({ to: 'Page', messageType: 'question', payload, priority, timeoutMs: 10_000 });
    await toggle('inbox');
    const answers = [ask('later?', 1), ask('now?', 4)];
    for (const list of ['first', 'second'])
      await shown(`[title=${list}]`, /Ada: "now\?" \(1\)[^]*Ada: "later\?" \(1\)/);
    await page.locator('[title=first] button').first().click();
    await shown('[title=second]', /^Ada: "later\?"/);
    await page.locator('[title=second] button').click();

    expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(['yes', 'yes']);
    await shown('[title=first]', /^$/);
  });

  test('keeps unsettled messages for the next component that shows them', async () => {
    const ada = await hub.connect('Ada');
    await toggle('inbox');
    const { messageId } = await ada.sendMessage({ to: 'Page', messageType: 'question', payload: 1 });
    await shown('[title=first]', /Ada: 1 \(1\)/);
    await toggle('inbox');
    expect(await page.locator('[title=first]').count()).toBe(0);
    await toggle('inbox');
    await shown('[title=first]', /Ada: 1 \(1\)/);
    await ada.cancel(messageId);
    await shown('[title=first]', /^$/);
  });
});

describe('useEvents', () => {
  test('shows the newest events, limited to the wanted number, also events from before', async () => {
    const ada = await hub.connect('Ada');
    const publish = (n: number) => ada.publishEvent({ eventType: 'page.counted', data: { n } });
    await Promise.all([1, 2, 3, 4].map(publish));
    await toggle('events');
    await shown('#events p', /^2 3 4$/);
    await publish(5);
    await shown('#events p', /^3 4 5$/);
    await toggle('events');
    await publish(6);
    await toggle('events');
    await shown('#events p', /^4 5 6$/);
  });
});

describe('useWorkflow', () => {
  test('shows a workflow with its steps until it ends, and unwatches it when it is hidden', async () => {
    const worker = await hub.connect('Worker');
    let finish: (() => void) | undefined;
    await toggle('workflow');
    await page.getByRole('button', { name: 'start' }).click();
    await shown('#workflow p', /^running: work running$/);
    worker.onTask('work', () => new Promise<void>(resolve => (finish = resolve)));
    await expect.poll(() => finish, WITHIN).toBeDefined();
    expect(hub.rows('workflowWatch')).not.toEqual([]);
    finish?.();
    await shown('#workflow p', /^succeeded: work succeeded$/);
    await expect.poll(() => hub.rows('workflowWatch'), WITHIN).toEqual([]);
  });

  test('unwatches a workflow that is still running', async () => {
    await hub.connect('Worker');
    await toggle('workflow');
    await page.getByRole('button', { name: 'start' }).click();
    await shown('#workflow p', /^running: work running$/);
    await toggle('workflow');
    await expect.poll(() => hub.rows('workflowWatch'), WITHIN).toEqual([]);
  });
});

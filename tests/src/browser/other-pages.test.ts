// Pages of other origins in a real browser, and a hub with its defaults.

import { join } from 'node:path';
import { AgoraClient } from '@agora/client';
import { startHub, type Hub } from '@agora/hub';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openBrowser, type TestBrowser } from './browser.ts';

vi.setConfig({ testTimeout: 60_000 });

const ATTEMPTS = [
  'reads the schema',
  'reads rows',
  'takes an identity',
  'calls a reducer',
  'opens a socket',
  'registers and sends',
];

let browser: TestBrowser;

beforeAll(async () => {
  browser = await openBrowser(join(import.meta.dirname, 'page/visitor.ts'));
}, 120_000);
afterAll(() => browser[Symbol.asyncDispose]());

/** Starts a hub with an agent `User`, and lets the page try everything. */
async function visit(allowOrigins: readonly string[]) {
  const hub = await startHub({ allowOrigins });
  const user = new AgoraClient('User', { server: hub.url, tokenStore: false });
  await user.connect();
  await user.registerAgent({ agentType: 'worker' });
  const { page } = await browser.open();
  onTestFinished(async () => {
    await page.context().close();
    await user.close();
    await hub.close();
  });
  await page.waitForFunction('window.visit !== undefined');
  const outcomes = await page.evaluate(`window.visit(${JSON.stringify(hub.url)})`);
  return { hub, page, outcomes };
}

async function countRows({ url, database, ownerToken }: Hub, table: string): Promise<unknown> {
  const answer = await fetch(`${url}/v1/database/${database}/sql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ownerToken}` },
    body: `SELECT COUNT(*) AS n FROM ${table}`,
  });
  const [{ rows } = { rows: [] }] = (await answer.json()) as { rows: unknown[][] }[];
  return rows[0]?.[0];
}

test('a page from another port can read, register, send and open nothing', async () => {
  const { hub, outcomes } = await visit([]);
  expect(outcomes).toEqual(Object.fromEntries(ATTEMPTS.map(attempt => [attempt, 'refused'])));
  expect([await countRows(hub, 'agent'), await countRows(hub, 'message')]).toEqual([1, 0]);
});

test('a page of an allowed origin can', async () => {
  const { hub, outcomes } = await visit([browser.origin]);
  expect(outcomes).toEqual(Object.fromEntries(ATTEMPTS.map(attempt => [attempt, 'done'])));
  expect([await countRows(hub, 'agent'), await countRows(hub, 'message')]).toEqual([3, 1]);
});

test('a name that was pointed at this machine opens no page of the hub', async () => {
  const { hub, page } = await visit([]);
  const { port } = new URL(hub.url);
  const answer = await page.goto(`http://rebound.test:${port}/v1/database/agora/schema?version=10`);
  expect([answer?.status(), await answer?.text()]).toEqual([
    403,
    expect.stringMatching(/^the host name "rebound\.test" is not one of this host/),
  ]);
});

// The pages of the dashboard in a real browser, on live traffic.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hub } from '@agora/hub';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import {
  agent,
  connect,
  signInCode,
  startDashboardBrowser,
  startDashboardHub,
  WITHIN,
  type DashboardBrowser,
  type OpenPage,
} from './support/dashboard.ts';
import { startScene, type Scene } from './support/scene.ts';

vi.setConfig({ testTimeout: 60_000 });

let browser: DashboardBrowser;
let hub: Hub;
let scene: Scene;
let opened: OpenPage;

beforeAll(async () => {
  [browser, hub] = await Promise.all([startDashboardBrowser(), startDashboardHub()]);
  scene = await startScene(hub);
  opened = await browser.open(hub, hub.ownerToken);
}, 120_000);

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await browser[Symbol.asyncDispose]();
  await hub.close();
});

/** Opens a page and waits until its text matches. */
async function shows(path: string, ...texts: (string | RegExp)[]): Promise<void> {
  await opened.go(path);
  await seen(opened, ...texts);
}

async function seen({ page, faults }: OpenPage, ...texts: (string | RegExp)[]): Promise<void> {
  for (const text of texts) {
    await expect.poll(() => page.locator('#main').innerText(), WITHIN).toMatch(text);
  }
  expect(faults).toEqual([]);
}

test('the overview shows the counters, the queues and what happens, live', async () => {
  await shows('overview', /Agents\s+4/, /Dead letters\s+1/, /Waiting\s+1\s+oldest \d+/, 'step_approval_requested');
  await scene.lead.publishEvent({ eventType: 'overview.live', data: {} });
  await seen(opened, 'overview.live', /Archivist[^]+oldest \d+ s ago, 0 held/);
  // The oldest delivery leads to the inbox where it waits.
  await opened.page.locator('a.figure', { hasText: 'Waiting' }).click();
  await seen(opened, /report\s+from\s+Lead/);
});

test('the agents are filtered in the address, and one shows its inbox, history and limits', async () => {
  await shows('agents?presence=offline', 'Archivist', /1 shown/);
  await shows('agents?q=draft', 'Writer', /1 shown/);
  const newcomer = await agent(hub, 'Newcomer', ['draft'], hub.ownerToken);
  await seen(opened, 'Newcomer', /2 shown/);
  await newcomer.unregisterAgent();
  await newcomer.close();
  await seen(opened, /1 shown/);
  await shows('agents/Archivist', 'offline', '@archive', /report\s+from\s+Lead/, /0 of 32 held · 1 waiting/);
  await shows('agents/Writer', 'online', '#docs', /answer\s+to\s+Lead/, /of 100K/);
  await shows('agents/Nowhere', 'There is no agent of this name.');
});

test('the messages are searchable, and one shows its whole life', async () => {
  await shows('messages', 'question', 'broken', 'How long is the guide?');
  await shows('messages?q=gone.md', 'broken');
  await expect.poll(() => opened.page.locator('.table .row.linked').count(), WITHIN).toBe(1);
  const { ask, held, dead } = scene.messages;
  await shows(`messages/${ask}`, /done\s+Writer/, /"words": 1204/, 'success');
  await shows(`messages/${held}`, /offered\s+Reviewer/, /lease ends/);
  await shows(`messages/${dead}`, /dead\s+Writer/, 'the source file is missing');
  const flaky = await agent(hub, 'Flaky', [], hub.ownerToken);
  onTestFinished(() => flaky.close());
  await flaky.subscribeToMessages({ handler: (_, { fail }) => fail('the disk is full') });
  const retried = await scene.lead.sendMessage({ to: 'Flaky', messageType: 'backup', payload: 1 });
  await shows(`messages/${retried.messageId}`, /Attempt 1: the disk is full/, /Attempt 2: the disk is full/);
  await scene.lead.cancel(retried.messageId);
  await flaky.unregisterAgent();
  await shows('messages/01900000-0000-7000-8000-000000000000', 'message/unknown');
  // A new message appears without a reload.
  await shows('messages', 'question');
  await scene.lead.sendMessage({ to: 'Reviewer', messageType: 'just_now', payload: 1 });
  await seen(opened, 'just_now');
});

test('a workflow shows its graph, its timeline and why it waits, and its answer links back', async () => {
  await shows('workflows', 'documentation', 'running');
  await opened.page.locator('.row-link').first().click();
  await seen(opened, /publish waits for the approval of Lead/, /3 of 5 steps/, /archive\s+waits for the steps publish/);
  expect(opened.page.url()).toContain(scene.workflow);
  expect(await opened.page.locator('.graph .node').count()).toBe(5);
  await opened.page.getByRole('button', { name: 'draft' }).click();
  await seen(opened, '"docs/api.md"');
  await opened.page.getByLabel('hide succeeded').check();
  await expect.poll(() => opened.page.locator('.gantt > li').count(), WITHIN).toBe(2);
  await opened.page.goBack();
  await seen(opened, 'Started');
});

test('the events are live, filtered, and replayed from a number', async () => {
  await shows('events?type=build.*', 'build.finished');
  await scene.lead.publishEvent({ eventType: 'build.started', data: { branch: 'main' } });
  await seen(opened, 'build.started');
  await shows('events?from=2', 'Replay from number 2', 'agent_registration');
  expect(await opened.page.locator('.seq').last().getAttribute('aria-label')).toBe('Data of event 2');
  await opened.page.locator('.seq').last().click();
  await seen(opened, '"agent_name"');
});

test('dead letters, groups and operators have their pages', async () => {
  await shows('dead-letters', 'broken', 'the source file is missing', /1 shown of 1/);
  await shows('groups', '#docs');
  await opened.page.getByRole('link', { name: '#docs' }).click();
  await seen(opened, 'Lead', 'Writer', '2 members');
  await shows('operators', 'Every identity that reaches the hub may use it.', 'you');
  await seen(
    opened,
    /Stored now\s+\S+ \w+ of 4\.0 GiB/,
    /Messages and events per second\s+50,000/,
    /days\s+Now 7; empty: unchanged/,
  );
});

test('the claims are live and filtered, and one shows its resources and who waits for them', async () => {
  const { page } = opened;
  await shows('claims', /docs\/guide\.md/, /1 held, 1 waiting/);
  const lock = await scene.lead.claim({ name: 'deploy' }, { shared: true });
  await seen(opened, 'deploy', 'shared', /2 held, 1 waiting/);
  await lock.release();
  await seen(opened, /1 held, 1 waiting/);
  await shows('claims?state=waiting', 'Reviewer', /0 held, 1 waiting/);
  await shows('claims?agent=Writer', /docs\/guide\.md/, /1 held, 0 waiting/);
  await shows('claims?q=nothing', 'No claim matches.');
  await shows(
    `claims/${scene.claim}`,
    'rewrites the guide',
    /Fencing number\s+1/,
    /waiting\s+docs\/\*\*\s+by\s+Reviewer/,
  );
  await page.locator('#main').getByRole('link', { name: 'docs/**', exact: true }).click();
  await seen(opened, /Waits for\s+1 claim\n/, /held\s+docs\/guide\.md\s+by\s+Writer/);
  await shows('claims/01900000-0000-7000-8000-000000000000', 'There is no such claim.');
});

test('an ordinary identity sees its own agents and messages only', async () => {
  const other = await agent(hub, 'Other');
  onTestFinished(() => other.close());
  const { messageId } = await other.sendMessage({ to: 'Reviewer', messageType: 'from_other', payload: { n: 1 } });
  const theirs = await browser.open(hub, other.token ?? '');
  onTestFinished(() => theirs.page.context().close());
  await seen(theirs, 'Your agents, live.', 'Other');
  await theirs.go('messages');
  await seen(theirs, 'from_other');
  expect(await theirs.page.locator('#main').innerText()).not.toContain('How long is the guide?');
  // What others send to its agents is there as well.
  await scene.lead.sendMessage({ to: 'Other', messageType: 'for_other', payload: 1 });
  await seen(theirs, 'for_other');
  await theirs.go(`messages/${messageId}`);
  await seen(theirs, /offered\s+Reviewer/);
  await theirs.go(`messages/${scene.messages.ask}`);
  await seen(theirs, /The hub refused this/);
  await theirs.go('agents/Writer');
  await seen(theirs, 'Another identity owns this agent.');
  await theirs.go('operators');
  await seen(theirs, 'You are not an operator of this hub.');
});

test('a sign-in code works once and leaves no trace in the address; signing out ends it', async () => {
  const code = await signInCode(hub, hub.ownerToken);
  const first = await browser.openAnonymous(`${hub.url}/#sign-in=${code}`);
  onTestFinished(() => first.page.context().close());
  await seen(first, 'The whole hub, live.');
  expect(first.page.url()).toBe(`${hub.url}/#/`);
  await first.page.goBack();
  await first.page.goForward();
  await seen(first, 'The whole hub, live.');
  expect(first.page.url()).toBe(`${hub.url}/#/`);
  const second = await browser.openAnonymous(`${hub.url}/#sign-in=${code}`);
  onTestFinished(() => second.page.context().close());
  await seen(second, 'Sign in to this hub', 'used already', /agora open --server/);
  await first.page.getByRole('button', { name: 'Sign out' }).click();
  await seen(first, 'Sign in to this hub');
  expect(await first.page.evaluate('sessionStorage.length')).toBe(0);
  await first.page.reload();
  await seen(first, 'Sign in to this hub');
});

test('a page survives a restart of its hub and shows what it missed', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'agora-dashboard-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  let running = await startDashboardHub({ dataDir });
  const { port } = running.host;
  const token = running.ownerToken;
  const watching = await browser.open(running, token, 'agents');
  await seen(watching, 'No agent is here yet.');
  await running.close();
  await seen(watching, /Disconnected\. What you see is/);
  running = await startDashboardHub({ dataDir, port });
  onTestFinished(async () => {
    await watching.page.context().close();
    await running.close();
  });
  const late = await connect(running, 'Late', token);
  await late.registerAgent({ agentType: 'worker' });
  onTestFinished(() => late.close());
  await seen(watching, 'Late');
  expect(await watching.page.locator('#main').innerText()).not.toContain('Disconnected');
});

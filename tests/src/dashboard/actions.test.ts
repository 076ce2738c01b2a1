// The actions of the dashboard: each is done in a real browser, and its effect is read from the hub.

import type { Hub } from '@agora/hub';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  agent,
  rowsOf,
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
  browser = await startDashboardBrowser();
}, 120_000);
afterAll(() => browser[Symbol.asyncDispose]());

beforeEach(async () => {
  hub = await startDashboardHub();
  scene = await startScene(hub);
  opened = await browser.open(hub, hub.ownerToken);
});

afterEach(async () => {
  const { faults } = opened;
  await opened.page.context().close();
  await scene[Symbol.asyncDispose]();
  await hub.close();
  expect(faults).toEqual([]);
});

const button = (name: string | RegExp) => opened.page.getByRole('button', { name, exact: typeof name === 'string' });
const dialog = () => opened.page.getByRole('dialog');

/** Waits for the receipt of an action. */
async function receipt(state: 'applied' | 'refused', text: RegExp): Promise<void> {
  const found = opened.page.locator(`.receipt[data-state=${state}]`).filter({ hasText: text });
  await expect.poll(() => found.count(), WITHIN).toBe(1);
}

/** Waits until a query of the owner has these rows. */
async function rows(query: string, expected: unknown): Promise<void> {
  await expect.poll(() => rowsOf(hub, query), WITHIN).toEqual(expected);
}

test('sends, asks and cancels, by the keyboard alone', async () => {
  const { page } = opened;
  await page.keyboard.press('n');
  await dialog().waitFor();
  await page.keyboard.type('Reviewer');
  await dialog().getByLabel('Payload').fill('plain words');
  await dialog().getByLabel('Payload').press('Tab');
  await dialog().getByRole('button', { name: 'Send' }).press('Enter');
  await receipt('applied', /Send note to Reviewer/);
  await rows("SELECT target, payload FROM message WHERE type = 'note' AND payload = '\"plain words\"'", [
    ['Reviewer', '"plain words"'],
  ]);

  await opened.go('agents/Writer');
  await button('Ask').click();
  await dialog().getByLabel('Type').fill('question');
  await dialog().getByLabel('Payload').fill('{"text":"Ready?"}');
  await dialog().getByRole('button', { name: 'Ask' }).click();
  await receipt('applied', /Ask question to Writer/);
  await page.locator('.receipt').filter({ hasText: 'Ask question' }).getByRole('link', { name: 'Open' }).click();
  await expect.poll(() => page.locator('#main').innerText(), WITHIN).toMatch(/"words": 1204/);

  await opened.go(`messages/${scene.messages.queued}`);
  await button('Cancel').click();
  await button('Cancel the message').click();
  await receipt('applied', /Cancel message/);
  await rows(`SELECT state FROM ended WHERE message = '${scene.messages.queued}'`, [['cancelled']]);

  await opened.go('agents');
  await page.keyboard.press('n');
  await dialog().getByLabel('To').fill('Nowhere');
  await dialog().getByRole('button', { name: 'Send' }).click();
  await receipt('refused', /message\/unknown-recipient/);
  await expect.poll(() => dialog().innerText(), WITHIN).toContain('message/unknown-recipient');
});

test('pauses, resumes, approves, cancels, retries and forks a workflow', async () => {
  const status = `SELECT status FROM workflow_state WHERE id = '${scene.workflow}'`;
  await opened.go(`workflows/${scene.workflow}`);
  await button('Pause').click();
  await receipt('applied', /Pause the workflow/);
  await rows(status, [['paused']]);
  await button('Resume').click();
  await receipt('applied', /Resume the workflow/);
  await rows(status, [['running']]);
  await button('Approve').click();
  await dialog().getByLabel('Comment').fill('reads well');
  await dialog().getByRole('button', { name: 'Approve' }).click();
  await receipt('applied', /Approve step publish/);
  await rows(`SELECT state FROM step WHERE workflow = '${scene.workflow}' AND name = 'publish'`, [['succeeded']]);
  await button(/^Cancel$/).click();
  await dialog().getByLabel('Reason').fill('not needed any more');
  await button('Cancel the workflow').click();
  await receipt('applied', /Cancel the workflow/);
  await rows(status, [['cancelled']]);
  await opened.page.locator('.gantt').getByRole('button', { name: 'archive' }).click();
  await button('Fork from here').click();
  await receipt('applied', /Fork from step archive/);
  await rows("SELECT status FROM workflow_state WHERE status = 'running'", [['running']]);
});

test('starts a workflow from YAML and from a form, rejects its step and retries it', async () => {
  const { page } = opened;
  await opened.go('workflows');
  await button('Start a workflow').click();
  await button('YAML or JSON').click();
  await dialog()
    .getByLabel('Definition')
    .fill('workflow_type: nightly\nsteps:\n  - action: draft\n    agent: Writer\n');
  await dialog().getByRole('button', { name: 'Start' }).click();
  await receipt('applied', /Start workflow nightly/);
  await rows("SELECT status FROM workflow_state WHERE type = 'nightly'", [['succeeded']]);

  await page.keyboard.press('s');
  await dialog().getByLabel('Workflow type').fill('release');
  await dialog().getByLabel('Approver').fill('Lead');
  await dialog().getByLabel('Action of step 1').fill('publish');
  await dialog().getByLabel('Agent or @capability').fill('Writer');
  await dialog().getByLabel('approval').check();
  await dialog().getByRole('button', { name: 'Start' }).click();
  await receipt('applied', /Start workflow release/);
  await button('Reject').click();
  await dialog().getByRole('button', { name: 'Reject' }).click();
  await receipt('applied', /Reject step publish/);
  await rows("SELECT status FROM workflow_state WHERE type = 'release'", [['failed']]);
  await page.locator('.gantt').getByRole('button', { name: 'publish' }).click();
  await button('Retry').click();
  await receipt('applied', /Retry step publish/);
  await rows("SELECT status FROM workflow_state WHERE type = 'release'", [['running']]);

  await page.keyboard.press('s');
  await dialog().getByLabel('Action of step 1').fill('publish');
  await dialog().getByLabel('Agent or @capability').fill('Nowhere');
  await dialog().getByRole('button', { name: 'Start' }).click();
  await receipt('refused', /workflow\//);
});

test('breaks a claim, so that the next one in its queue is granted', async () => {
  await opened.go(`claims/${scene.claim}`);
  await button('Break').click();
  await dialog().getByLabel('Reason').fill('needed for the release');
  await button('Break the claim').click();
  await receipt('applied', /Break the claim of docs\/guide\.md/);
  await rows('SELECT name, state FROM claim', [['Reviewer', 'held']]);
  await expect.poll(() => opened.page.locator('#main').innerText(), WITHIN).toContain('There is no such claim.');
});

test('redrives and purges exactly the selected dead letters, with a receipt', async () => {
  const { lead } = scene;
  for (const n of [1, 2, 3]) await lead.sendMessage({ to: 'Writer', messageType: 'broken', payload: { n } });
  await lead.sendMessage({ to: 'Archivist', messageType: 'spare', payload: 0 });
  await opened.go('dead-letters?type=broken');
  await expect.poll(() => opened.page.locator('#main').innerText(), WITHIN).toContain('4 shown of 4');
  const letters = await rowsOf(hub, 'SELECT no FROM dead_letter');
  expect(letters).toHaveLength(4);
  await opened.page.getByLabel(`Select letter ${String(letters[0]?.[0])}`).check();
  await button('Purge 1').click();
  await dialog().getByRole('button', { name: 'Purge 1' }).click();
  await expect.poll(() => opened.page.locator('[data-receipt=applied]').innerText(), WITHIN).toContain('1 of 1 purged');
  await rows('SELECT no FROM dead_letter', letters.slice(1));

  await scene.writer.close();
  await opened.page.getByLabel('Select all 3 shown').check();
  await button('Redrive 3').click();
  await dialog().getByRole('button', { name: 'Redrive 3' }).click();
  await expect
    .poll(() => opened.page.locator('[data-receipt=applied]').innerText(), WITHIN)
    .toContain('3 of 3 redriven');
  await rows('SELECT no FROM dead_letter', []);
  await expect
    .poll(() => opened.page.locator('#main').innerText(), WITHIN)
    .toContain('No delivery has failed finally.');
});

test('changes limits, admits and expels, closes the hub, grants and revokes, joins a group, unregisters', async () => {
  const { page } = opened;
  const other = await agent(hub, 'Other');
  const identity = (other.identity ?? '').replace(/^0x/, '');
  await opened.go('agents/Other');
  await button('Limits').click();
  await dialog().getByLabel('Messages and events per second').fill('7');
  await button('Change limits').click();
  await receipt('applied', /Change the limits of Other/);
  expect((await rowsOf(hub, 'SELECT rate FROM quota WHERE rate = 7')).length).toBe(1);

  await opened.go('operators');
  await page.getByLabel('Keep messages, in days').fill('3');
  await button('Change').click();
  await receipt('applied', /limits/);
  await expect.poll(() => page.locator('#main').innerText(), WITHIN).toContain('Now 3; empty: unchanged.');
  await page.getByLabel('Identity to admit').fill(identity);
  await button('Admit').click();
  await receipt('applied', /Admit/);
  expect(await rowsOf(hub, 'SELECT id FROM admission_rule')).toHaveLength(1);
  await button('Close the hub').click();
  await dialog().getByRole('button', { name: 'Close the hub' }).click();
  await receipt('applied', /Close the hub/);
  await button('Expel').click();
  await receipt('applied', /Expel/);
  expect(await rowsOf(hub, 'SELECT id FROM admission_rule')).toEqual([]);
  await button('Open the hub').click();
  await receipt('applied', /Open the hub/);
  await page.getByLabel('Identity of a further operator').fill(identity);
  await button('Grant').click();
  await receipt('applied', /Grant operator/);
  expect(await rowsOf(hub, 'SELECT identity FROM operator')).toHaveLength(2);
  await expect.poll(() => page.locator('#main').innerText(), WITHIN).toMatch(/grant[^]*set admission/);
  await page.getByLabel('Identity to admit').fill('nobody');
  await button('Admit').click();
  await expect.poll(() => page.locator('#main').innerText(), WITHIN).toContain('An identity is 64 hexadecimal digits.');

  await opened.go('agents/Reviewer');
  await page.getByLabel('Group to join').fill('docs');
  await button('Join').click();
  await receipt('applied', /Join #docs/);
  await opened.go('agents/Archivist');
  await button('Unregister').click();
  await dialog().getByRole('button', { name: 'Unregister' }).click();
  await receipt('applied', /Unregister Archivist/);
  expect(await rowsOf(hub, "SELECT id FROM agent WHERE name = 'Archivist'")).toEqual([]);
  await other.close();
});

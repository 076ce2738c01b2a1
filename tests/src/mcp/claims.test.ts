// The tool `claims` of two coding agents in one project.

import { startHub, type TestHub } from '@agora/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMcpAgent } from './support/mcp-agent.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());

test('one agent claims files, the other one is refused with its name and waits until the release', async () => {
  await using ada = await startMcpAgent('Ada', { server: hub.url });
  await using bo = await startMcpAgent('Bo', { server: hub.url });
  const held = await ada.call('claims', { action: 'claim', paths: ['mcp/src/*.ts', 'name:deploy'], note: 'renames' });
  expect(held.value).toMatchObject({
    claims: [{ agent: 'Ada', state: 'held', resources: ['mcp/src/*.ts', 'name:deploy'], note: 'renames' }],
  });
  const refused = await bo.call('claims', { action: 'claim', paths: ['mcp/src/index.ts'] });
  expect(refused.text).toContain('claim/held');
  expect(refused.text).toContain('Ada');
  expect((await bo.call('claims', { action: 'list', paths: ['mcp/src/index.ts'] })).value).toMatchObject({
    claims: [{ agent: 'Ada' }],
  });
  const waiting = bo.call('claims', { action: 'claim', paths: ['mcp/src/index.ts'], timeout_s: 20 });
  await expect
    .poll(async () => (await ada.call('claims', { action: 'list' })).value, { timeout: 10_000 })
    .toMatchObject({ claims: [{ agent: 'Ada' }, { agent: 'Bo', state: 'waiting' }] });
  expect((await ada.call('claims', { action: 'release' })).value).toMatchObject({ claims: [{ agent: 'Ada' }] });
  expect((await waiting).value).toMatchObject({ claims: [{ agent: 'Bo', state: 'held' }] });
  // The caller knows of the grant, so there is no notice of it.
  expect((await bo.call('check_inbox')).value).toMatchObject({ mail: [] });
});

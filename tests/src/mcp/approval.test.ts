// Approvals that a coding agent passes on to its user.

import { createId } from '@agora/client';
import { startHub, type TestHub } from '@agora/testing';
import type { ElicitRequest, ElicitResult } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMcpAgent, type McpAgent } from './support/mcp-agent.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());

/** Starts a workflow that waits for an approval by the agent, and asks the user for it. */
async function askUser(agent: McpAgent, name: string) {
  const started = await agent.call('start_workflow', {
    workflow_type: 'release',
    steps: [{ id: 'sign_off', action: 'sign_off', approval: { by: name } }],
  });
  const { workflow_id } = started.value;
  await expect.poll(async () => (await agent.call('check_inbox')).value['mail']).toMatchObject([{ from: 'system' }]);
  const decided = await agent.call('steer_workflow', { workflow_id, do: 'ask_user', step: 'sign_off' });
  const status = async () => (await agent.call('workflow', { workflow_id })).value['status'];
  return { decided, status };
}

test.each([
  ['auto', 'accept', { approve: true, comment: 'ship it' }, 'approved', 'succeeded'],
  ['auto', 'accept', { approve: false, comment: 'not yet' }, 'rejected', 'failed'],
  ['legacy', 'accept', { approve: true }, 'approved', 'succeeded'],
  ['auto', 'decline', undefined, 'undecided', 'running'],
] as const)(
  'a client of the %s era whose user answers %s %o: the step is %s',
  async (mode, action, content, outcome, end) => {
    const name = `Approver-${createId().slice(-6)}`;
    const asked: ElicitRequest['params'][] = [];
    const user = (params: ElicitRequest['params']): ElicitResult => {
      asked.push(params);
      return { action, ...(content && { content: { ...content } }) };
    };
    await using agent = await startMcpAgent(name, { server: hub.url, mode, user });
    await agent.call('whoami');
    const { decided, status } = await askUser(agent, name);
    expect(decided.value).toMatchObject({ status: outcome });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.message).toBe('The step "sign_off" of the workflow "release" waits for an approval.');
    await expect.poll(status).toBe(end);
  },
);

test('a client that cannot ask its user gets the advice to ask in words', async () => {
  await using agent = await startMcpAgent('Wordless', { server: hub.url });
  await agent.call('whoami');
  const { decided } = await askUser(agent, 'Wordless');
  expect(decided).toMatchObject({ isError: false, value: { status: 'undecided', reason: 'unavailable' } });
  expect(decided.text).toContain('approve or reject');
});

// The seed's collaboration with coding agents: two MCP agents and one program document a topic, and one of them is killed.

import type { AgoraClient } from '@agora/client';
import { startHub, type TestHub } from '@agora/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMcpAgent, type McpAgent } from './support/mcp-agent.ts';

const MAX_ANSWER_BYTES = 10_000;

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub({ clock: 'still' });
});
afterAll(() => hub.close());

/** Advances the clock, and waits until the hub has answered after it: a hub that misses seconds takes them for its own absence. */
async function advance(ms: number, agent: AgoraClient): Promise<void> {
  hub.advance(ms);
  await agent.findAgents({ name: 'DocWriter' });
}

/** Waits for a task, and returns its id and body. */
async function takeTask(agent: McpAgent): Promise<{ id: string; task: { step: string; inputs: object } }> {
  let mail: { id: string; kind: string }[] = [];
  await expect
    .poll(async () => (mail = (await agent.call('check_inbox')).value['mail'] as { id: string; kind: string }[]))
    .toMatchObject([{ kind: 'task' }]);
  const id = mail[0]?.id ?? '';
  const { body } = (await agent.call('read_message', { id })).value as {
    body: { task: { step: string; inputs: object } };
  };
  return { id, task: body.task };
}

test('a workflow of two MCP agents and a program ends, although one agent is killed in between', async () => {
  await using lead = await startMcpAgent('DocLead', { server: hub.url });
  const writer = await startMcpAgent('DocWriter', { server: hub.url });
  await lead.call('whoami', { capabilities: ['documentation'] });
  await writer.call('whoami', { capabilities: ['writing'] });
  const reviewer = await hub.connect('DocReviewer', { capabilities: ['review'] });
  reviewer.onTask('review_docs', ({ inputs }) => ({ approved: true, reviewed: Object.keys(inputs) }));

  const started = await lead.call('start_workflow', {
    workflow_type: 'collaborative_documentation',
    participants: ['DocLead', 'DocWriter', 'DocReviewer'],
    steps: [
      { id: 'research', agent: 'DocLead', action: 'analyze_codebase', requirements: { topic: 'leases' } },
      { id: 'write', agent: 'DocWriter', action: 'write_docs', depends_on: ['research'] },
      { id: 'review', agent: 'DocReviewer', action: 'review_docs', depends_on: ['write'] },
    ],
  });
  const { workflow_id } = started.value;
  expect(started.value).toMatchObject({ status: 'running', steps_total: 3 });

  const research = await takeTask(lead);
  expect(research.task).toMatchObject({ step: 'research' });
  await lead.call('settle', { id: research.id, how: 'answer', data: { findings: ['lease', 'grace'] } });

  const first = await takeTask(writer);
  expect(first.task.inputs).toEqual({ research: { findings: ['lease', 'grace'] } });
  process.kill(writer.pid, 'SIGKILL');
  await expect.poll(async () => (await reviewer.findAgents({ name: 'DocWriter' }))[0]?.presence).toBe('offline');
  for (let step = 0; step < 6; step++) await advance(5_000, reviewer);
  await using again = await startMcpAgent('DocWriter', { server: hub.url });
  await again.call('whoami');
  for (let step = 0; step < 20; step++) await advance(5_000, reviewer);
  const second = await takeTask(again);
  expect(second.id).toBe(first.id);
  await again.call('settle', { id: second.id, how: 'answer', data: { file_path: 'docs/leases.md' } });

  const status = async () => (await lead.call('workflow', { workflow_id })).value['status'];
  await expect.poll(status).toBe('succeeded');
  const { value } = await lead.call('workflow', { workflow_id, show: 'steps' });
  expect(value['steps']).toMatchObject([
    { name: 'research', state: 'succeeded' },
    { name: 'write', state: 'succeeded', output: { file_path: 'docs/leases.md' } },
    { name: 'review', state: 'succeeded', output: { approved: true } },
  ]);
  const events = await lead.call('read_events', { types: ['workflow_completion'] });
  expect(events.value['events']).toMatchObject([{ type: 'workflow_completion', source: 'system' }]);
});

test('every answer is at most 10 kB, and a long message is read in parts', async () => {
  await using agent = await startMcpAgent('Bounded', { server: hub.url });
  await agent.call('whoami');
  const sender = await hub.connect('BoundedSender');
  const text = `"quoted" ${'ß😀\u0001'.repeat(15_000)}`;
  const { messageId } = await sender.sendMessage({
    to: 'Bounded',
    messageType: 'long',
    payload: { text },
    priority: 3,
  });
  for (let n = 0; n < 60; n++) {
    await sender.publishEvent({ eventType: 'big.event', data: { text: 'x'.repeat(1_000), n } });
    await hub.connect(`Crowd-${n}`, { metadata: { description: 'd'.repeat(400) } });
  }
  await expect.poll(async () => (await agent.call('check_inbox')).text).toContain(messageId);
  let whole = '';
  for (let offset: unknown = 0; offset !== undefined;) {
    const part = await agent.call('read_message', { id: messageId, offset });
    expect(Buffer.byteLength(part.text)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    whole += String(part.value['body_text']);
    offset = part.value['next_offset'];
  }
  expect(JSON.parse(whole)).toEqual({ text });

  const found: unknown[] = [];
  for (let cursor: unknown = 0; cursor !== undefined;) {
    const page = await agent.call('find_agents', { cursor });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    found.push(...(page.value['agents'] as unknown[]));
    cursor = page.value['next_cursor'];
  }
  expect(found.length).toBeGreaterThan(60);

  let seen = 0;
  for (let after: unknown = 0; seen < 60;) {
    const page = await agent.call('read_events', { types: ['big.*'], after, limit: 100 });
    expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    seen += (page.value['events'] as unknown[]).length;
    after = page.value['next_after'];
  }
  expect(seen).toBe(60);
  const wrong = await agent.call('send_message', { to: 'Bounde', text: 'x', payload: {} });
  expect(wrong).toMatchObject({ isError: true, value: { code: 'mcp/bad-input', inbox: { unread: 0 } } });
  const unknown = await agent.call('send_message', { to: 'Bounde', text: 'x' });
  expect(unknown.value).toMatchObject({ code: 'message/unknown-recipient' });
  expect(unknown.text).toContain('Bounded');
});

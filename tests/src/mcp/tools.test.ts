import { startHub, type TestHub } from '@agora/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMcpAgent } from './support/mcp-agent.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub.close());

test.each(['auto', 'legacy'] as const)('an MCP agent asks, and another one answers (%s era)', async mode => {
  await using asker = await startMcpAgent(`Asker-${mode}`, { server: hub.url, mode });
  await using worker = await startMcpAgent(`Worker-${mode}`, { server: hub.url, mode });
  const capability = `review-${mode}`;
  expect((await worker.call('whoami', { capabilities: [capability] })).value).toMatchObject({
    name: `Worker-${mode}`,
    capabilities: [capability],
  });

  const waiting = worker.call('wait_for_message', { timeout_s: 20 });
  const asking = asker.call('ask', { to: `@${capability}`, text: 'is it done?', timeout_s: 20 });
  const { mail } = (await waiting).value as { mail: { id: string }[] };
  expect(mail).toMatchObject([{ kind: 'ask', from: `Asker-${mode}`, is_new: true }]);
  const id = mail[0]?.id ?? '';
  const read = await worker.call('read_message', { id });
  expect(read.value).toMatchObject({ from: `Asker-${mode}`, verified: true, body: { text: 'is it done?' } });
  await worker.call('settle', { id, how: 'progress', text: 'half' });
  expect((await worker.call('settle', { id, how: 'answer', data: { done: true } })).value).toMatchObject({
    id,
    status: 'answer',
    inbox: { unread: 0, urgent: 0 },
  });
  const answer = await asking;
  expect(answer.value).toMatchObject({ id, status: 'success', from: `Worker-${mode}`, body: { done: true } });
  expect(JSON.parse(answer.text)).toEqual(answer.value);
  // The answer was delivered, so it is in no inbox.
  expect((await asker.call('check_inbox')).value).toMatchObject({ mail: [] });
});

// No mail is lost, however a call or a process of a coding agent ends.

import { startHub, type TestHub } from '@agora/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMcpAgent, type McpAgent } from './support/mcp-agent.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub({ clock: 'still' });
});
afterAll(() => hub.close());

interface Mail {
  readonly id: string;
  readonly kind: string;
  readonly from: string;
  readonly is_new: boolean;
}

async function inboxOf(agent: McpAgent): Promise<Mail[]> {
  return (await agent.call('check_inbox')).value['mail'] as Mail[]; // as its schema says
}

/** Waits until the inbox has so much mail. */
async function arrived(agent: McpAgent, count: number): Promise<Mail[]> {
  let mail: Mail[] = [];
  await expect.poll(async () => (mail = await inboxOf(agent))).toHaveLength(count);
  return mail;
}

test('a cancelled wait loses no mail', async () => {
  await using worker = await startMcpAgent('Canceller', { server: hub.url });
  const sender = await hub.connect('CancelSender');
  await worker.call('whoami');
  const cancel = new AbortController();
  const waiting = worker.call('wait_for_message', { timeout_s: 30 }, cancel.signal);
  cancel.abort('enough');
  await expect(waiting).rejects.toThrow();
  await sender.sendMessage({ to: 'Canceller', messageType: 'note', payload: { n: 1 } });
  const { value } = await worker.call('wait_for_message', { timeout_s: 10 });
  expect(value).toMatchObject({ mail: [{ from: 'CancelSender', is_new: true }], inbox: { unread: 0 } });
});

test('mail that was shown is shown again until it is settled', async () => {
  await using worker = await startMcpAgent('Shown', { server: hub.url });
  const sender = await hub.connect('ShownSender');
  await worker.call('whoami');
  await sender.sendMessage({ to: 'Shown', messageType: 'note', payload: {}, priority: 4 });
  const [first] = await arrived(worker, 1);
  expect(await inboxOf(worker)).toEqual([expect.objectContaining({ id: first?.id, is_new: false })]);
  expect((await worker.call('settle', { id: first?.id, how: 'done' })).isError).toBe(false);
  expect(await inboxOf(worker)).toEqual([]);
  const again = await worker.call('settle', { id: first?.id, how: 'done' });
  expect(again).toMatchObject({ isError: true, value: { code: 'mcp/not-held', hint: 'Open messages: none.' } });
  expect(JSON.parse(again.text)).toEqual(again.value);
});

test.each(['SIGINT', 'SIGTERM', 'SIGKILL', 'end of input'] as const)(
  'after %s the next process has the mail',
  async how => {
    const name = `Ended-${how.replaceAll(' ', '-')}`;
    const sender = await hub.connect(`${name}-sender`);
    const first = await startMcpAgent(name, { server: hub.url });
    await first.call('whoami');
    const { messageId } = await sender.sendMessage({ to: name, messageType: 'note', payload: { n: 1 } });
    expect(await arrived(first, 1)).toMatchObject([{ id: messageId }]);

    if (how === 'end of input') await first.close();
    else {
      const closed = new Promise<void>(resolve => (first.client.onclose = resolve));
      process.kill(first.pid, how);
      await closed;
    }
    const presence = async () => (await sender.findAgents({ name }))[0]?.presence;
    await expect.poll(presence).toBe('offline');
    // The grace period, and the backoff of the second attempt.
    hub.advance(10_000);
    await using second = await startMcpAgent(name, { server: hub.url });
    await second.call('whoami');
    expect(await arrived(second, 1)).toMatchObject([{ id: messageId, is_new: true }]);
    const read = await second.call('read_message', { id: messageId });
    expect(read.value).toMatchObject({ body: { n: 1 }, from: `${name}-sender` });
  },
);

test('a late answer comes to the inbox, also after the end of the process that asked', async () => {
  const worker = await hub.connect('LateWorker');
  const asker = await startMcpAgent('LateAsker', { server: hub.url });
  const { value } = await asker.call('ask', { to: 'LateWorker', text: 'when?', timeout_s: 0 });
  expect(value).toMatchObject({ status: 'waiting' });
  await worker.subscribeToMessages(() => ({ at: 'noon' }));
  expect(await arrived(asker, 1)).toMatchObject([{ id: value['id'], kind: 'answer', from: 'LateWorker' }]);
  process.kill(asker.pid, 'SIGKILL');

  await using next = await startMcpAgent('LateAsker', { server: hub.url });
  await next.call('whoami');
  expect(await arrived(next, 1)).toMatchObject([{ id: value['id'], kind: 'answer' }]);
  const read = await next.call('read_message', { id: value['id'] });
  expect(read.value).toMatchObject({ about: value['id'], body: { status: 'success', data: { at: 'noon' } } });
  // It was read, so the next call proves that the answer has arrived.
  expect(await inboxOf(next)).toEqual([]);
  await next.close();
  await using third = await startMcpAgent('LateAsker', { server: hub.url });
  await third.call('whoami');
  expect(await inboxOf(third)).toEqual([]);
});

test('an ask whose call was cancelled is still answered', async () => {
  const worker = await hub.connect('SlowWorker');
  await using asker = await startMcpAgent('Impatient', { server: hub.url });
  await asker.call('whoami');
  const cancel = new AbortController();
  const asking = asker.call('ask', { to: 'SlowWorker', text: 'when?' }, cancel.signal);
  const [message] = await takeOne(worker);
  cancel.abort('enough');
  await expect(asking).rejects.toThrow();
  await message?.respond({ at: 'night' });
  expect(await arrived(asker, 1)).toMatchObject([{ id: message?.id, kind: 'answer', is_new: true }]);
});

test('a question back is replied to, and the answer follows', async () => {
  const worker = await hub.connect('Curious');
  await using asker = await startMcpAgent('Replier', { server: hub.url });
  await asker.call('whoami');
  const asking = asker.call('ask', { to: 'Curious', text: 'translate' });
  const [first] = await takeOne(worker);
  await first?.requireInput({ which: 'language?' });
  const { value } = await asking;
  expect(value).toMatchObject({ status: 'input_required', question: { which: 'language?' } });
  const replying = asker.call('settle', { id: value['id'], how: 'answer', text: 'French' });
  const [second] = await takeOne(worker);
  expect(second?.payload).toEqual({ text: 'French' });
  await second?.respond({ text: 'oui' });
  expect((await replying).value).toMatchObject({ id: value['id'], status: 'success', body: { text: 'oui' } });
  expect(await inboxOf(asker)).toEqual([]);
});

test('a newer wait ends the older one', async () => {
  await using agent = await startMcpAgent('TwoWaits', { server: hub.url });
  await agent.call('whoami');
  const older = agent.call('wait_for_message', { timeout_s: 30 });
  const newer = agent.call('wait_for_message', { timeout_s: 0 });
  expect((await older).value).toMatchObject({ mail: [], ended: 'superseded' });
  expect((await newer).value).toMatchObject({ mail: [], ended: 'timeout' });
});

test('a process that only lists its tools leaves the mail to the serving one', async () => {
  const probe = await startMcpAgent('Probed', { server: hub.url });
  await probe.client.listTools();
  expect(await (await hub.connect('Looker')).findAgents({ name: 'Probed' })).toEqual([]);
  const { pid } = probe;
  await probe.close();
  expect(() => process.kill(pid, 0)).toThrow();
});

async function takeOne(worker: Awaited<ReturnType<TestHub['connect']>>) {
  await worker.waitForMail();
  return worker.takeMail({ limit: 1 });
}

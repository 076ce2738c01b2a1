import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, type LabAgent } from '../support/module-lab.ts';

const NOTHING = { rate: undefined, burst: undefined, unfinished: undefined, inboxLength: undefined, fanOut: undefined };

async function two() {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient');
  const limit = (agent: number, limits: object) => lab.owner.call('set_quota', { agent, ...NOTHING, ...limits });
  return { lab, sender, recipient, limit, [Symbol.asyncDispose]: () => lab.close() };
}

describe('a limit', () => {
  test('of messages a second refuses more, and accepts again as time passes', async () => {
    await using scene = await two();
    const { lab, sender, limit } = scene;
    limit(sender.id, { rate: 2, burst: 3 });
    for (let sent = 0; sent < 3; sent++) sender.send('Recipient');
    expect(sender.trySend('Recipient')).toEqual(['quota/rate']);
    lab.advance(500);
    sender.send('Recipient');
    expect(sender.trySend('Recipient')).toEqual(['quota/rate']);
    expect(lab.rows('message')).toHaveLength(4);
  });

  test('of unfinished deliveries counts those of the sender, until they end', async () => {
    await using scene = await two();
    const { sender, recipient, limit } = scene;
    limit(sender.id, { unfinished: 2 });
    recipient.attach();
    sender.send('Recipient');
    sender.send('Recipient');
    expect(sender.trySend('Recipient')).toEqual(['quota/unfinished']);
    recipient.act({ Acknowledge: { delivery: recipient.inbox()[0]?.['id'], attempt: 1 } });
    sender.send('Recipient');
    expect(recipient.inbox()).toHaveLength(2);
  });

  test('of an inbox refuses new messages, and drops none that was accepted', async () => {
    await using scene = await two();
    const { lab, sender, recipient, limit } = scene;
    limit(recipient.id, { inboxLength: 2 });
    sender.send('Recipient');
    sender.send('Recipient');
    expect(sender.trySend('Recipient')).toEqual(['inbox/full']);
    expect(lab.rows('waiting')).toHaveLength(2);
  });

  test('of recipients a minute applies to messages to many recipients, and not to direct ones', async () => {
    await using scene = await two();
    const { lab, sender, recipient, limit } = scene;
    lab.register('Third');
    recipient.call('join_group', { agent: recipient.id, group: '#team' });
    limit(sender.id, { fanOut: 4 });
    sender.send('*');
    sender.send('*');
    expect(sender.trySend('*')).toEqual(['quota/fan-out']);
    sender.send('Recipient');
    sender.send('#team');
    lab.advance(31_000);
    sender.send('*');
  });

  test('of stored bytes applies to the whole hub', async () => {
    await using scene = await two();
    const { lab, sender } = scene;
    const room = { storedBytes: 1_000, keepMessagesMs: undefined, keepEventsMs: undefined, keepWorkflowsMs: undefined };
    lab.owner.call('set_hub_limits', room);
    const payload = JSON.stringify('x'.repeat(2_000));
    expect(sender.tryAct({ Send: sender.message({ to: ['Recipient'], payload }) })).toEqual(['quota/stored-bytes']);
  });

  test('of stored bytes leaves room for others: one agent stores at most its share', async () => {
    await using scene = await two();
    const { lab, sender, recipient } = scene;
    lab.owner.call('set_hub_limits', { storedBytes: 100_000 });
    const publish = (agent: LabAgent) => ({
      Publish: { id: lab.nextMessageId(), agent: agent.id, type: 'note', data: `"${'x'.repeat(1_000)}"`, headers: '' },
    });
    let events = 0;
    while (sender.refusalCode('perform_acts', { acts: [publish(sender)] }) === undefined) events++;
    expect(events).toBeLessThan(100_000 / LIMITS.storeShare / 1_000);
    expect(sender.tryAct(publish(sender))).toEqual(['quota/stored-bytes']);
    recipient.act(publish(recipient));
  });

  test('of stored bytes holds for the events about an agent, however often it comes and leaves', async () => {
    await using scene = await two();
    const { lab, sender, recipient } = scene;
    lab.owner.call('set_hub_limits', { storedBytes: 20_000 });
    for (let n = 0; n < 60; n++) {
      sender.attach();
      sender.leave();
    }
    expect(lab.rows('account').find(row => row['agent'] === sender.id)?.['stored']).toBeLessThan(11_000);
    recipient.send('Sender');
  });

  test('of messages a second holds for the status and the fields of an agent', async () => {
    await using scene = await two();
    const { lab, sender, limit } = scene;
    limit(sender.id, { rate: 1, burst: 2 });
    sender.call('set_status', { agent: sender.id, status: 'busy' });
    sender.call('update_agent', { agent: sender.id, metadata: '{"a":1}' });
    expect(sender.tryCall('set_status', { agent: sender.id, status: 'away' })).toBe('quota/rate');
    expect(sender.tryCall('update_agent', { agent: sender.id, metadata: '{"a":2}' })).toBe('quota/rate');
    expect(lab.rows('agent').find(row => row['name'] === 'Sender')).toMatchObject({ status: 'busy' });
  });

  test('of messages a second holds for groups, and for the control of workflows by their initiator', async () => {
    await using scene = await two();
    const { lab, sender, recipient, limit } = scene;
    const steps = [{ agent: 'Recipient', action: 'do' }];
    const workflow = lab.nextMessageId();
    const definition = JSON.stringify({ workflow_type: 'w', steps });
    sender.call('start_workflow', { id: workflow, agent: sender.id, definition });
    limit(sender.id, { rate: 1, burst: 1 });
    lab.advance(10_000);
    sender.call('join_group', { agent: sender.id, group: '#team' });
    expect(sender.tryCall('join_group', { agent: sender.id, group: '#other' })).toBe('quota/rate');
    expect(sender.tryCall('pause_workflow', { workflow })).toBe('quota/rate');
    sender.call('leave_group', { agent: sender.id, group: '#team' });
    lab.owner.call('pause_workflow', { workflow });
    sender.call('cancel_workflow', { workflow, reason: '' });
    expect(recipient.inbox()).toEqual([]);
  });

  test('of an inbox holds for delayed messages', async () => {
    await using scene = await two();
    const { lab, sender, recipient, limit } = scene;
    limit(recipient.id, { inboxLength: 3 });
    for (let n = 0; n < 3; n++) sender.send('Recipient', { delayMs: 1_000 });
    expect(sender.trySend('Recipient')).toEqual(['inbox/full']);
    lab.advance(2_000);
    expect(sender.trySend('Recipient')).toEqual(['inbox/full']);
    expect(lab.rows('waiting')).toHaveLength(3);
  });

  test('of an inbox holds for notices of cancelled messages, until they are acknowledged', async () => {
    await using scene = await two();
    const { sender, recipient, limit } = scene;
    limit(recipient.id, { inboxLength: 3 });
    recipient.attach();
    for (let n = 0; n < 3; n++) {
      const message = sender.send('Recipient');
      sender.act({ Cancel: { agent: sender.id, message, reason: 'no' } });
    }
    expect(sender.trySend('Recipient')).toEqual(['inbox/full']);
    recipient.act({ Acknowledge: { delivery: recipient.inbox()[0]?.['id'], attempt: 0 } });
    sender.send('Recipient');
  });

  test('and its use can be read by the agent only', async () => {
    await using scene = await two();
    const { sender, recipient, limit } = scene;
    limit(sender.id, { rate: 10, burst: 20, unfinished: 30 });
    sender.send('Recipient');
    const used = sender.procedure('agent_usage', { agent: sender.id }) as unknown[];
    expect(used.slice(0, 5)).toEqual([1, 10, 20, 1, 30]);
    expect(() => recipient.procedure('agent_usage', { agent: sender.id })).toThrow('agent/not-yours');
  });
});

describe('the wake contract', () => {
  const idle = (agent: LabAgent, lastOffer: number, lastBroadcast: number) =>
    agent.call('go_idle', { agent: agent.id, lastOffer, lastBroadcast });
  const state = (agent: LabAgent) => agent.procedure('wake_state', { agent: agent.id }) as unknown[];

  test('refuses that an agent with an unseen offer or broadcast becomes idle', async () => {
    await using scene = await two();
    const { sender, recipient } = scene;
    recipient.attach();
    sender.send('Recipient');
    expect(recipient.tryCall('go_idle', { agent: recipient.id, lastOffer: 0, lastBroadcast: 0 })).toBe(
      'agent/has-mail',
    );
    idle(recipient, 1, 0);
    expect(state(recipient)).toEqual([true, 1, 0]);
    sender.send('*');
    expect(state(recipient)).toEqual([false, 1, 1]);
    expect(recipient.tryCall('go_idle', { agent: recipient.id, lastOffer: 1, lastBroadcast: 0 })).toBe(
      'agent/has-mail',
    );
  });

  test('wakes an idle agent in the transaction of an offer, and a broadcast writes no row for it', async () => {
    await using scene = await two();
    const { lab, sender, recipient } = scene;
    recipient.attach();
    idle(recipient, 0, 0);
    const before = lab.rows('mailbox').find(row => row['name'] === 'Recipient');
    sender.send('*');
    expect(lab.rows('mailbox').find(row => row['name'] === 'Recipient')).toEqual(before);
    idle(recipient, 0, 1);
    sender.send('Recipient');
    expect(lab.rows('mailbox').find(row => row['name'] === 'Recipient')).toMatchObject({ is_idle: false });
  });
});

describe('an agent that sends heartbeats', () => {
  const presence = (lab: ModuleLab) => lab.rows('agent').find(row => row['name'] === 'Recipient')?.['presence'];

  test('is stale without one for too long: its deliveries return, and the next heartbeat makes it online again', async () => {
    await using scene = await two();
    const { lab, sender, recipient } = scene;
    recipient.attach();
    recipient.call('heartbeat', { agents: [recipient.id], withinMs: 20_000 });
    sender.send('Recipient');
    lab.advance(19_000);
    expect(presence(lab)).toBe('online');
    lab.advance(2_000);
    expect(presence(lab)).toBe('stale');
    lab.advance(LIMITS.graceMs + 500);
    expect(recipient.inbox()).toEqual([]);
    recipient.call('heartbeat', { agents: [recipient.id], withinMs: 20_000 });
    expect(presence(lab)).toBe('online');
    lab.advance(2_000);
    expect(recipient.inbox()).toMatchObject([{ attempt: 2 }]);
  });

  test('that never sent one is never stale', async () => {
    await using scene = await two();
    const { lab, recipient } = scene;
    recipient.attach();
    lab.advance(24 * 3_600_000);
    expect(presence(lab)).toBe('online');
  });
});

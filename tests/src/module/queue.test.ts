// A work queue offers each delivery to exactly one free agent.

import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, type LabAgent } from '../support/module-lab.ts';

async function open() {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const worker = (name: string, credit = 2) => {
    const agent = lab.register(name, { capabilities: ['work'], credit });
    agent.attach();
    return agent;
  };
  return { lab, sender, worker, [Symbol.asyncDispose]: () => lab.close() };
}

const count = (agent: LabAgent) => agent.inbox().length;

describe('a work queue', () => {
  test('offers to the agent with the most free credit, among equals to the one that is free for longest', async () => {
    await using scene = await open();
    const { sender, worker } = scene;
    const [first, second, large] = [worker('First'), worker('Second'), worker('Large', 4)];
    const shares = () => [first, second, large].map(count);
    for (let at = 0; at < 2; at++) sender.send('@work');
    expect(shares()).toEqual([0, 0, 2]);
    sender.send('@work');
    expect(shares()).toEqual([1, 0, 2]);
    sender.send('@work');
    expect(shares()).toEqual([1, 1, 2]);
  });

  test.each(['draining', 'busy', 'away'])('offers nothing to an agent that is %s, until it is active', async status => {
    await using scene = await open();
    const { sender, worker } = scene;
    const agent = worker('Agent');
    agent.call('set_status', { agent: agent.id, status });
    sender.send('@work');
    expect(count(agent)).toBe(0);
    agent.call('set_status', { agent: agent.id, status: 'active' });
    expect(count(agent)).toBe(1);
  });

  test('offers in the call that adds a capability, and in the one that makes an agent online', async () => {
    await using scene = await open();
    const { lab, sender, worker } = scene;
    const absent = worker('Absent');
    absent.leave();
    sender.send('@work');
    const later = lab.register('Later');
    later.attach();
    expect(count(later)).toBe(0);
    later.call('update_agent', { agent: later.id, capabilities: ['work'] });
    expect(count(later)).toBe(1);
    later.leave();
    sender.send('@work');
    absent.attach();
    expect(count(absent)).toBe(1);
  });

  test('takes deliveries back from an unregistered holder, and offers them to another', async () => {
    await using scene = await open();
    const { lab, sender, worker } = scene;
    const holder = worker('Holder');
    sender.send('@work');
    const other = worker('Other');
    holder.call('unregister_agent', { agent: holder.id });
    lab.advance(2_000);
    expect(other.inbox()).toMatchObject([{ attempt: 2 }]);
  });

  test('refuses a late act of an earlier holder as stale, and as unknown for other agents', async () => {
    await using scene = await open();
    const { lab, sender, worker } = scene;
    const slow = worker('Slow');
    sender.send('@work');
    const late = { Acknowledge: { delivery: slow.inbox()[0]?.['id'], attempt: 1 } };
    slow.call('set_status', { agent: slow.id, status: 'draining' });
    const other = worker('Other');
    lab.advance(LIMITS.leaseMs + 2_000);
    expect(other.inbox()).toMatchObject([{ attempt: 2 }]);
    expect(slow.tryAct(late)).toEqual(['delivery/stale-attempt']);
    expect(sender.tryAct(late)).toEqual(['delivery/unknown']);
    other.act({ Acknowledge: { delivery: other.inbox()[0]?.['id'], attempt: 2 } });
    expect(slow.tryAct(late)).toEqual(['delivery/stale-attempt']);
    expect(sender.tryAct(late)).toEqual(['delivery/unknown']);
  });
});

describe('cancelling', () => {
  test('3,000 that wait, at the head and in the middle, leaves the rest in order', async () => {
    await using scene = await open();
    const { lab, sender } = scene;
    const recipient = lab.register('Recipient', { credit: 1 });
    const sent = Array.from({ length: 3_200 }, () => sender.message({ to: ['Recipient'] }));
    const inCalls = (acts: readonly Readonly<Record<string, unknown>>[]) => {
      for (let at = 0; at < acts.length; at += LIMITS.acts) sender.act(...acts.slice(at, at + LIMITS.acts));
    };
    inCalls(sent.map(Send => ({ Send })));
    const isKept = (at: number) => (at >= 1_500 && at < 1_600) || at >= 3_100;
    const cancelled = sent.filter((_, at) => !isKept(at));
    inCalls(cancelled.map(({ id }) => ({ Cancel: { agent: sender.id, message: id, reason: 'no more' } })));
    recipient.attach();
    const received: unknown[] = [];
    for (;;) {
      lab.advance(1_000);
      const [row] = recipient.inbox();
      if (!row) break;
      received.push(row['message']);
      recipient.act({ Acknowledge: { delivery: row['id'], attempt: 1 } });
    }
    expect(received).toEqual(sent.filter((_, at) => isKept(at)).map(({ id }) => id));
  });
});

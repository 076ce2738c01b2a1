import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt } from '../support/module-lab.ts';

/** The longest pause of a client between attempts to reconnect. */
const LONGEST_PAUSE_MS = 5_000;

const ANSWER = { status: 'success', data: 'null', error: '' };

/** A hub that has run for a minute, with two agents that hold one delivery each: one by name, one of a work queue. */
async function working() {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const bob = lab.register('Bob');
  const worker = lab.register('Worker', { capabilities: ['review'] });
  bob.attach();
  worker.attach();
  lab.advance(60_000);
  sender.send('Bob');
  sender.send('@review');
  return { lab, sender, bob, worker, [Symbol.asyncDispose]: () => lab.close() };
}

describe('an absence of the hub', () => {
  test('ends no lease: its holders have the grace to extend it', async () => {
    await using scene = await working();
    const { lab, bob, worker } = scene;
    lab.sleep(LIMITS.leaseMs + 15_000);
    lab.advance(LIMITS.graceMs - 1_000);
    expect(bob.inbox()).toMatchObject([{ attempt: 1 }]);
    expect(worker.inbox()).toMatchObject([{ attempt: 1 }]);
    bob.act({ Extend: { delivery: bob.inbox()[0]?.['id'], attempt: 1, ms: LIMITS.leaseMs } });
    lab.advance(5_000);
    expect(bob.inbox()).toMatchObject([{ attempt: 1 }]);
    expect(worker.inbox()).toMatchObject([{ attempt: 2 }]);
  });

  test.each([4_000, 6_500, 8_000, 9_500, 11_000, 14_000, 60_000])(
    'of %i ms after an orderly stop ends no grace',
    async downMs => {
      await using scene = await working();
      const { lab, bob, worker } = scene;
      bob.leave();
      worker.leave();
      lab.sleep(downMs);
      lab.advance(LONGEST_PAUSE_MS + 1_000);
      expect(lab.rows('waiting')).toEqual([]);
      for (const agent of [bob, worker]) {
        agent.attach();
        agent.act({ Extend: { delivery: agent.inbox()[0]?.['id'], attempt: 1, ms: LIMITS.leaseMs } });
      }
      lab.advance(LIMITS.graceMs);
      expect(bob.inbox()).toMatchObject([{ attempt: 1 }]);
      expect(worker.inbox()).toMatchObject([{ attempt: 1 }]);
    },
  );

  test('delays the end of the grace of an agent that stays away, once', async () => {
    await using scene = await working();
    const { lab, bob, worker } = scene;
    bob.leave();
    worker.leave();
    lab.sleep(60_000);
    lab.advance(LIMITS.graceMs + 1_000);
    expect(lab.rows('offer')).toEqual([]);
  });

  test('moves the deadline of an ask in hand by its length', async () => {
    await using scene = await working();
    const { lab, sender, bob } = scene;
    const ask = sender.send('Bob', { answerWithinMs: 30_000 });
    const state = () => lab.rows('ask').find(row => row['message'] === ask)?.['state'];
    lab.sleep(60_000);
    lab.advance(10_000);
    const held = bob.inbox().find(row => row['message'] === ask);
    bob.act({ Extend: { delivery: held?.['id'], attempt: 1, ms: LIMITS.leaseMs } });
    lab.advance(15_000);
    expect(state()).toBe('open');
    lab.advance(10_000);
    expect(state()).toBe('timed_out');
  });

  test('moves the deadline of a step in hand by its length', async () => {
    await using scene = await working();
    const { lab, sender, bob } = scene;
    const definition = {
      workflow_type: 'review',
      steps: [{ action: 'review', agent: 'Bob', timeout_ms: 30_000 }],
    };
    const id = lab.nextMessageId();
    sender.call('start_workflow', { id, agent: sender.id, definition: JSON.stringify(definition) });
    lab.sleep(60_000);
    lab.advance(10_000);
    const task = bob.inbox().find(row => row['kind'] === 'task');
    bob.act({ FinishStep: { delivery: task?.['id'], attempt: 1, output: '{}' } });
    expect(lab.rows('workflow_state')).toMatchObject([{ status: 'succeeded' }]);
  });

  test('makes no agent stale', async () => {
    await using scene = await working();
    const { lab, bob } = scene;
    bob.call('heartbeat', { agents: [bob.id], withinMs: 10_000 });
    lab.sleep(60_000);
    lab.advance(LIMITS.graceMs - 1_000);
    expect(lab.rows('agent').find(row => row['name'] === 'Bob')).toMatchObject({ presence: 'online' });
    lab.advance(61_000);
    expect(lab.rows('agent').find(row => row['name'] === 'Bob')).toMatchObject({ presence: 'stale' });
  });
});

describe('an agent that works without a connection', () => {
  const HOUR_MS = 3_600_000;

  test('keeps what it extends while it is offline until the lease ends, by name and of a queue', async () => {
    await using scene = await working();
    const { lab, bob, worker } = scene;
    for (const agent of [bob, worker]) {
      const delivery = agent.inbox()[0]?.['id'];
      agent.call('detach_agent', { agent: agent.id });
      agent.act({ Extend: { delivery, attempt: 1, ms: 600_000 } });
    }
    lab.advance(590_000);
    expect(bob.inbox()).toMatchObject([{ attempt: 1 }]);
    worker.act({ Respond: { delivery: worker.inbox()[0]?.['id'], attempt: 1, id: uuidAt(lab.nowMs), ...ANSWER } });
    lab.advance(11_000);
    expect(lab.rows('offer')).toEqual([]);
    expect(lab.rows('waiting')).toMatchObject([{ attempt: 2 }]);
  });

  test('loses after the grace what it has extended while it was online', async () => {
    await using scene = await working();
    const { lab, bob } = scene;
    bob.act({ Extend: { delivery: bob.inbox()[0]?.['id'], attempt: 1, ms: HOUR_MS } });
    bob.call('detach_agent', { agent: bob.id });
    lab.advance(LIMITS.graceMs + 1_000);
    expect(bob.inbox()).toEqual([]);
  });

  test('loses with their leases what it has not extended', async () => {
    await using scene = await working();
    const { lab, sender, bob } = scene;
    sender.send('Bob');
    const [, second] = bob.inbox();
    bob.call('detach_agent', { agent: bob.id });
    bob.act({ Extend: { delivery: second?.['id'], attempt: 1, ms: HOUR_MS } });
    lab.advance(LIMITS.leaseMs + 1_000);
    expect(bob.inbox()).toMatchObject([{ id: second?.['id'] }]);
  });
});

describe('a stale agent', () => {
  test('with waiting mail cannot go idle', async () => {
    await using scene = await working();
    const { lab, sender, bob } = scene;
    bob.act({ Acknowledge: { delivery: bob.inbox()[0]?.['id'], attempt: 1 } });
    bob.call('heartbeat', { agents: [bob.id], withinMs: 1_000 });
    lab.advance(61_000);
    sender.send('Bob');
    expect(bob.tryCall('go_idle', { agent: bob.id, lastOffer: 1, lastBroadcast: 0 })).toBe('agent/has-mail');
  });
});

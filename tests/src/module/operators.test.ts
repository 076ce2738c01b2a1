import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, type LabAgent, type Row } from '../support/module-lab.ts';

const ANY = { agent: 0, sender: 0, type: '', reason: '', before: 0 };

async function pair() {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient');
  recipient.attach();
  return { lab, sender, recipient, [Symbol.asyncDispose]: () => lab.close() };
}

/** Fails a delivery of an agent until it is dead. */
function bury(lab: ModuleLab, agent: LabAgent): void {
  for (let attempt = 1; attempt <= LIMITS.attempts; attempt++) {
    for (const row of agent.inbox())
      agent.act({ Fail: { delivery: row['id'], attempt: row['attempt'], reason: 'broken', retry: true } });
    lab.advance(61_000);
  }
}

const acts = (lab: ModuleLab) =>
  lab
    .rows('event_log')
    .filter(row => row['type'] === 'operator_act')
    .map(row => JSON.parse(String(row['data'])) as Row);

describe('a dead letter', () => {
  test('that is redriven returns with all its attempts, and a late act on its earlier attempts is refused', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    const delivery = recipient.inbox()[0]?.['id'];
    bury(lab, recipient);
    expect(lab.rows('dead_letter')).toMatchObject([{ no: 1, delivery }]);
    lab.owner.call('redrive', { no: 1 });
    expect(lab.rows('dead_letter')).toEqual([]);
    expect(recipient.inbox()).toMatchObject([{ id: delivery, attempt: LIMITS.attempts + 1 }]);
    expect(recipient.tryAct({ Acknowledge: { delivery, attempt: LIMITS.attempts } })).toEqual([
      'delivery/stale-attempt',
    ]);
    recipient.act({ Acknowledge: { delivery, attempt: LIMITS.attempts + 1 } });
    expect(lab.rows('account').find(row => row['agent'] === sender.id)).toMatchObject({ unfinished: 0 });
    expect(acts(lab)).toMatchObject([{ action: 'redrive', letter: 1, by: expect.any(String) as string }]);
  });

  test('is redriven and read by operators, and by the owners of its two agents without an event', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const eve = lab.register('Eve');
    sender.send('Recipient');
    sender.send('Recipient');
    bury(lab, recipient);
    const page = { after: 0, limit: 10, agent: 0, sender: 0 };
    const seen = (who: { procedure(name: string, args: object): unknown }) =>
      (who.procedure('dead_letters', page) as [unknown[], number])[0].length;
    expect([seen(lab.owner), seen(sender), seen(recipient), seen(eve)]).toEqual([2, 2, 2, 0]);
    expect(eve.tryCall('redrive', { no: 1 })).toBe('dead/unknown');
    expect(eve.tryCall('purge_all', { filter: ANY })).toBe('operator/required');
    sender.call('redrive', { no: 1 });
    recipient.call('purge', { no: 2 });
    expect(acts(lab)).toEqual([]);
    expect(lab.rows('ended')).toMatchObject([{ state: 'dead' }]);
  });

  test('whose agent is unregistered, or whose time to live is over, stays dead', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient', { ttlMs: 600_000 });
    bury(lab, recipient);
    lab.advance(600_000);
    expect(lab.owner.tryCall('redrive', { no: 1 })).toBe('dead/expired');
    sender.send('Recipient');
    lab.owner.call('unregister_agent', { agent: recipient.id });
    expect(lab.owner.tryCall('redrive', { no: 2 })).toBe('agent/unknown');
    expect(acts(lab)).toMatchObject([{ action: 'unregister', agent: recipient.id }]);
  });

  test('of a broadcast returns as a message to that agent only', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const message = sender.send('*', { delayMs: 1_000 });
    lab.advance(2_000);
    for (let attempt = 1; attempt <= LIMITS.attempts; attempt++)
      recipient.act({ FailBroadcast: { agent: recipient.id, seq: 1, attempt, reason: 'broken', retry: true } });
    lab.owner.call('redrive', { no: 1 });
    expect(recipient.inbox()).toMatchObject([{ kind: 'message', message, attempt: 1 }]);
  });

  test('is redriven or purged with all others that match a filter', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    recipient.leave();
    const others = lab.register('Gone');
    for (let n = 0; n < 300; n++) sender.send('Gone');
    others.call('unregister_agent', { agent: others.id });
    lab.advance(2_000);
    recipient.attach();
    sender.send('Recipient');
    bury(lab, recipient);
    expect(lab.rows('dead_letter')).toHaveLength(301);
    lab.owner.call('redrive_all', { filter: { ...ANY, reason: 'roke' } });
    lab.advance(2_000);
    expect(recipient.inbox()).toMatchObject([{ attempt: LIMITS.attempts + 1 }]);
    lab.owner.call('purge_all', { filter: { ...ANY, sender: recipient.id } });
    lab.advance(2_000);
    expect(lab.rows('dead_letter')).toHaveLength(300);
    lab.owner.call('purge_all', { filter: ANY });
    lab.advance(2_000);
    expect(lab.rows('dead_letter')).toEqual([]);
  });
});

describe('operators', () => {
  test('limit an agent or all agents, and values out of range are refused', async () => {
    await using scene = await pair();
    const { lab, sender } = scene;
    lab.owner.call('set_quota', { agent: sender.id, unfinished: 1 });
    sender.send('Recipient');
    expect(sender.trySend('Recipient')).toEqual(['quota/unfinished']);
    lab.owner.call('clear_quota', { agent: sender.id });
    sender.send('Recipient');
    lab.owner.call('set_quota', { agent: 0, inboxLength: 2 });
    expect(sender.trySend('Recipient')).toEqual(['inbox/full']);
    expect(lab.owner.tryCall('set_quota', { agent: 0, rate: 0 })).toBe('quota/bad-limit');
    expect(lab.owner.tryCall('set_quota', { agent: 99, rate: 1 })).toBe('agent/unknown');
    expect(lab.owner.tryCall('set_hub_limits', { keepMessagesMs: 1 })).toBe('quota/bad-limit');
    expect(sender.tryCall('set_quota', { agent: sender.id, rate: 1 })).toBe('operator/required');
    lab.owner.call('set_hub_limits', { storedBytes: 1 });
    expect(sender.trySend('Recipient')).toContain('inbox/full');
    expect(acts(lab).map(act => act['action'])).toEqual(['set_quota', 'clear_quota', 'set_quota', 'set_hub_limits']);
  });

  test('see counters that are counted while they watch, which other callers do not', async () => {
    await using scene = await pair();
    const { lab, sender } = scene;
    expect(sender.tryCall('watch_hub', {})).toBe('operator/required');
    lab.owner.call('watch_hub', {});
    sender.send('Recipient');
    lab.advance(2_000);
    expect(lab.owner.view('hub_status')).toMatchObject([{ agents: 2, online: 1, messages: 1, offered: 1 }]);
    expect(sender.view('hub_status')).toEqual([]);
    expect(lab.rows('due').filter(row => row['kind'] === 'count')).toHaveLength(1);
    lab.advance(LIMITS.hubWatchMs);
    expect(lab.rows('hub_counters')).toEqual([]);
    expect(lab.rows('due').filter(row => row['kind'] === 'count')).toEqual([]);
    expect(sender.tryProcedure('hub_overview', {})).toBe('operator/required');
    expect((lab.owner.procedure('hub_overview', {}) as unknown[]).slice(0, 4)).toEqual([0, 2, 1, 1]);
  });

  test('read mailboxes, work queues, operators, admissions and messages; others do not', async () => {
    await using scene = await pair();
    const { lab, sender } = scene;
    lab.register('Worker', { capabilities: ['review'] });
    const message = sender.send('Recipient', { payload: '{"n":1}' });
    const [rows, next] = lab.owner.procedure('list_mailboxes', { after: 0, limit: 2 }) as [unknown[][], number];
    expect(rows.map(row => row[1])).toEqual(['Sender', 'Recipient']);
    const [rest, end] = lab.owner.procedure('list_mailboxes', { after: next, limit: 9 }) as [unknown[][], number];
    expect([rest.map(row => row[1]), end]).toEqual([['Worker', '@review'], 0]);
    expect(lab.owner.procedure('list_operators', {})).toHaveLength(1);
    expect(lab.owner.procedure('list_admissions', {})).toEqual(['open', []]);
    const file = lab.owner.procedure('read_message', { message }) as unknown[];
    expect(JSON.parse(String(file[0]))).toMatchObject({ payload: { n: 1 } });
    expect(file[4]).toMatchObject([{ 1: 'Recipient', 2: 'offered' }]);
    for (const [name, args] of [
      ['list_mailboxes', { after: 0, limit: 2 }],
      ['list_operators', {}],
      ['list_admissions', {}],
      ['read_message', { message }],
    ] as const) {
      expect(sender.tryProcedure(name, args)).toBe('operator/required');
    }
  });

  test('cancel a message of another agent, and that publishes an event', async () => {
    await using scene = await pair();
    const { lab, sender } = scene;
    const message = sender.send('Recipient');
    const act = { Cancel: { agent: 0, message, reason: 'a mistake' } };
    lab.owner.call('perform_acts', { acts: [act] });
    expect(lab.rows('ended')).toMatchObject([{ state: 'cancelled' }]);
    expect(acts(lab)).toMatchObject([{ action: 'cancel', message }]);
  });
});

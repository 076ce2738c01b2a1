import { HUB_DEFAULTS, LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt } from '../support/module-lab.ts';

const LAST_OF_BLOCK = 2n ** 32n - 1n;
const DAY_MS = 24 * 3_600_000;

describe('the number of a delivery', () => {
  test('stays in its mailbox and never collides, also past 2³² deliveries', async () => {
    await using lab = await ModuleLab.open();
    const [sender, bob, eve] = ['Sender', 'Bob', 'Eve'].map(name => lab.register(name));
    if (!sender || !bob || !eve) throw new Error('not registered');
    bob.attach();
    eve.attach();
    lab.sql(`UPDATE mailbox SET next_delivery = ${LAST_OF_BLOCK} WHERE name = 'Bob'`);
    for (const secret of [1, 2, 3]) sender.send('Bob', { payload: JSON.stringify({ secret }) });
    sender.send('Eve');
    const rows = bob.inbox();
    expect(new Set(rows.map(row => row['id'])).size).toBe(3);
    bob.act(...rows.map(row => ({ Fail: { delivery: row['id'], attempt: 1, reason: 'again', retry: true } })));
    expect(lab.rows('waiting').map(row => row['agent'])).toEqual([bob.id, bob.id, bob.id]);
    lab.advance(2_000);
    expect(bob.inbox()).toMatchObject([{ attempt: 2 }, { attempt: 2 }, { attempt: 2 }]);
    expect(eve.inbox()).toHaveLength(1);
    bob.act(...rows.map(row => ({ Acknowledge: { delivery: row['id'], attempt: 2 } })));
    expect(bob.procedure('received_messages', { agent: bob.id, before: 0, limit: 10 })).toHaveLength(3);
  });

  test('of a work queue stays in that queue past 2³² deliveries', async () => {
    await using lab = await ModuleLab.open();
    const sender = lab.register('Sender');
    const worker = lab.register('Worker', { capabilities: ['review'] });
    const reader = lab.register('Reader', { capabilities: ['read'] });
    lab.sql(`UPDATE mailbox SET next_delivery = ${LAST_OF_BLOCK} WHERE name = '@review'`);
    sender.send('@review');
    sender.send('@review');
    reader.attach();
    worker.attach();
    expect(worker.inbox()).toHaveLength(2);
    worker.leave();
    lab.advance(LIMITS.graceMs + 10_000);
    worker.attach();
    expect(worker.inbox()).toMatchObject([{ attempt: 2 }, { attempt: 2 }]);
    expect(reader.inbox()).toEqual([]);
  });
});

describe('an id that its caller chose', () => {
  const TIMES = [
    ['old', -400 * DAY_MS],
    ['ahead', LIMITS.clockSkewMs + 60_000],
  ] as const;

  test.each(TIMES)('is refused when it is too %s, for each kind', async (_, offset) => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const bob = lab.register('Bob');
    bob.attach();
    const id = uuidAt(lab.nowMs + offset);
    ada.send('Bob', { answerWithinMs: 60_000 });
    const delivery = bob.inbox()[0]?.['id'];
    const definition = JSON.stringify({ workflow_type: 'w', steps: [{ agent: 'Bob', action: 'do' }] });
    const how = offset < 0 ? 'id-too-old' : 'id-ahead';
    expect(ada.tryAct({ Send: ada.message({ to: ['Bob'], id }) })).toEqual([`message/${how}`]);
    const event = { id, agent: ada.id, type: 'a.b', data: '{}', headers: '' };
    expect(ada.tryAct({ Publish: event })).toEqual([`event/${how}`]);
    const answer = { delivery, attempt: 1, id, status: 'success', data: '1', error: '' };
    expect(bob.tryAct({ Respond: answer })).toEqual([`message/${how}`]);
    expect(ada.tryAct({ StartWorkflow: { id, agent: ada.id, definition } })).toEqual([`workflow/${how}`]);
    expect(ada.tryCall('start_workflow', { id, agent: ada.id, definition })).toBe(`workflow/${how}`);
    const workflow = lab.nextMessageId();
    ada.call('start_workflow', { id: workflow, agent: ada.id, definition });
    ada.call('cancel_workflow', { workflow, reason: '' });
    expect(ada.tryCall('fork_workflow', { workflow, id, agent: ada.id, step: 'do' })).toBe(`workflow/${how}`);
  });

  test('of a message is refused to another sender, also if it is above all ids of that sender', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const bob = lab.register('Bob');
    const eve = lab.register('Eve');
    const id = lab.nextMessageId();
    ada.act({ Send: ada.message({ id, to: ['Bob'] }) });
    const other = { Send: eve.message({ to: ['Bob'] }) };
    expect(eve.refusals([other, { Send: eve.message({ id, to: ['Bob'] }) }])).toEqual([
      { act: 1, code: 'message/id-reused' },
    ]);
    const ask = { Send: eve.message({ id, to: ['Bob'], answerWithinMs: 60_000 }) };
    expect(eve.tryAct(ask)).toEqual(['message/id-reused']);
    expect(lab.rows('message')).toHaveLength(1);
    expect(lab.rows('ask')).toEqual([]);
    const earlier = lab.nextMessageId();
    const later = lab.nextMessageId();
    for (const each of [later, earlier, later, earlier]) bob.act({ Send: bob.message({ id: each, to: ['Ada'] }) });
    expect(lab.rows('message')).toHaveLength(3);
  });

  // A week of the timers that look for lost ones.
  test('does not become free while its time is accepted', { timeout: 60_000 }, async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    lab.register('Bob');
    const id = uuidAt(lab.nowMs + LIMITS.clockSkewMs);
    const publish = { Publish: { id, agent: ada.id, type: 'a.b', data: '1', headers: '' } };
    ada.act(publish);
    lab.advance(HUB_DEFAULTS.keepEventsMs + LIMITS.clockSkewMs - 1_000);
    ada.act(publish);
    expect(lab.rows('event_log').filter(row => row['id'] === id)).toHaveLength(1);
    lab.advance(LIMITS.clockSkewMs);
    expect(ada.tryAct(publish)).toEqual(['event/id-too-old']);
  });

  test('stays refused after a longer retention was set', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const id = uuidAt(lab.nowMs - HUB_DEFAULTS.keepEventsMs - 60_000);
    lab.owner.call('set_hub_limits', { keepEventsMs: HUB_DEFAULTS.keepEventsMs * 2 });
    const event = { id, agent: ada.id, type: 'a.b', data: '1', headers: '' };
    expect(ada.tryAct({ Publish: event })).toEqual(['event/id-too-old']);
  });
});

describe('an id that is used again', () => {
  test('with another answer to the same delivery is refused', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const bob = lab.register('Bob');
    bob.attach();
    ada.send('Bob', { answerWithinMs: 60_000 });
    const base = {
      delivery: bob.inbox()[0]?.['id'],
      attempt: 1,
      id: lab.nextMessageId(),
      status: 'success',
      error: '',
    };
    bob.act({ Respond: { ...base, data: '1' } });
    bob.act({ Respond: { ...base, data: '1' } });
    expect(bob.tryAct({ Respond: { ...base, data: '2' } })).toEqual(['message/id-reused']);
    const other = { ...base, id: lab.nextMessageId(), status: 'error', data: '', error: 'no' };
    expect(bob.tryAct({ Respond: other })).toEqual(['delivery/ended']);
    expect(ada.inbox()).toMatchObject([{ kind: 'answer', message: base.id }]);
  });

  test('with an answer after an acknowledgement is refused', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const bob = lab.register('Bob');
    bob.attach();
    ada.send('Bob', { answerWithinMs: 60_000 });
    const delivery = bob.inbox()[0]?.['id'];
    bob.act({ Acknowledge: { delivery, attempt: 1 } });
    const answer = { delivery, attempt: 1, id: lab.nextMessageId(), status: 'success', data: '1', error: '' };
    expect(bob.tryAct({ Respond: answer })).toEqual(['delivery/ended']);
  });

  test('with another output of a step, another event or another step of a fork is refused', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    const bob = lab.register('Bob');
    bob.attach();
    const steps = ['a', 'b'].map(action => ({ agent: 'Bob', action }));
    const workflow = lab.nextMessageId();
    ada.call('start_workflow', {
      id: workflow,
      agent: ada.id,
      definition: JSON.stringify({ workflow_type: 'w', steps }),
    });
    const [first, second] = bob.inbox().map(row => ({ delivery: row['id'], attempt: 1 }));
    bob.act({ FinishStep: { ...first, output: '1' } });
    bob.act({ FinishStep: { ...first, output: '1' } });
    expect(bob.tryAct({ FinishStep: { ...first, output: '2' } })).toEqual(['delivery/ended']);
    bob.act({ FinishStep: { ...second, output: '1' } });
    const fork = { workflow, id: lab.nextMessageId(), agent: ada.id };
    ada.call('fork_workflow', { ...fork, step: 'b' });
    ada.call('fork_workflow', { ...fork, step: 'b' });
    expect(ada.tryCall('fork_workflow', { ...fork, step: 'a' })).toBe('workflow/id-reused');
    const event = { id: lab.nextMessageId(), agent: ada.id, type: 'a.b', data: '1', headers: '{"x":1}' };
    ada.act({ Publish: event });
    expect(ada.tryAct({ Publish: { ...event, headers: '{"x":2}' } })).toEqual(['event/id-reused']);
  });
});

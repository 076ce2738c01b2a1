import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent, type Row } from '../support/module-lab.ts';

async function asking() {
  const lab = await ModuleLab.open();
  const asker = lab.register('Asker');
  const helper = lab.register('Helper');
  asker.attach();
  helper.attach();
  const ask = asker.send('Helper', { answerWithinMs: 60_000 });
  return { lab, asker, helper, ask, [Symbol.asyncDispose]: () => lab.close() };
}

const payload = (row: Row | undefined): unknown =>
  (JSON.parse(String(row?.['envelope'])) as { payload: unknown }).payload;
const first = (agent: LabAgent, kind: string) => agent.inbox().find(row => row['kind'] === kind);
const held = (agent: LabAgent) => ({ delivery: first(agent, 'ask')?.['id'], attempt: 1 });

describe('progress', () => {
  test('shows the newest signal in one row, keeps the last 64, and removes them when the question ends', async () => {
    await using scene = await asking();
    const { lab, asker, helper, ask } = scene;
    for (let number = 1; number <= 70; number++) {
      helper.act({ Progress: { ...held(helper), number, data: String(number * 10) } });
    }
    expect(asker.inbox().filter(row => row['kind'] === 'progress')).toHaveLength(1);
    expect(payload(first(asker, 'progress'))).toEqual({ seq: 70, from: 'Helper', data: 700 });
    const kept = asker.procedure('read_signals', { agent: asker.id, message: ask, after: 0 }) as unknown[][];
    expect(kept).toHaveLength(LIMITS.signals);
    expect(kept[0]?.slice(0, 2)).toEqual([7, '70']);
    helper.act({ Respond: { ...held(helper), id: uuidAt(lab.nowMs, 5), status: 'success', data: '1', error: '' } });
    expect(lab.rows('signal')).toEqual([]);
    expect(asker.inbox().map(row => row['kind'])).toEqual(['answer']);
  });

  test('repeated is stored once, and only the asker can read it', async () => {
    await using scene = await asking();
    const { lab, asker, helper, ask } = scene;
    helper.act({ Progress: { ...held(helper), number: 1, data: '1' } });
    helper.act({ Progress: { ...held(helper), number: 1, data: '1' } });
    expect(lab.rows('signal')).toHaveLength(1);
    expect(() => helper.procedure('read_signals', { agent: helper.id, message: ask, after: 0 })).toThrow('ask/unknown');
    asker.send('Helper');
    const plain = { delivery: first(helper, 'message')?.['id'], attempt: 1 };
    expect(helper.tryAct({ Progress: { ...plain, number: 1, data: '1' } })).toEqual(['delivery/no-asker']);
  });
});

describe('a question back', () => {
  test('is answered by a reply, and the same question continues to its answer', async () => {
    await using scene = await asking();
    const { lab, asker, helper, ask } = scene;
    const back = { status: 'input_required', data: '"which one?"', error: '' };
    helper.act({ Respond: { ...held(helper), id: uuidAt(lab.nowMs, 5), ...back } });
    expect(payload(first(asker, 'answer'))).toEqual({ status: 'input_required', data: 'which one?' });
    const reply = { id: uuidAt(lab.nowMs, 6), agent: asker.id, ask, payload: '"the blue one"', answerWithinMs: 0 };
    asker.act({ Reply: reply });
    asker.act({ Reply: reply });
    expect(helper.inbox()).toHaveLength(1);
    const envelope = JSON.parse(String(helper.inbox()[0]?.['envelope'])) as Record<string, unknown>;
    expect(envelope).toMatchObject({ continues: ask, payload: 'the blue one', from: 'Asker' });
    helper.act({
      Respond: { ...held(helper), id: uuidAt(lab.nowMs, 7), status: 'success', data: '"blue"', error: '' },
    });
    const answers = asker
      .inbox()
      .filter(row => row['kind'] === 'answer')
      .map(payload);
    expect(answers).toContainEqual({ status: 'success', data: 'blue' });
    expect(lab.rows('ask')).toMatchObject([{ message: ask, state: 'answered' }]);
    expect(asker.tryAct({ Reply: { ...reply, id: uuidAt(lab.nowMs, 8) } })).toEqual(['ask/no-question']);
  });

  test('keeps the deadline, but a reply may set a new one', async () => {
    await using scene = await asking();
    const { lab, asker, helper, ask } = scene;
    const back = { status: 'input_required', data: '1', error: '' };
    helper.act({ Respond: { ...held(helper), id: uuidAt(lab.nowMs, 5), ...back } });
    lab.advance(50_000);
    asker.act({ Reply: { id: uuidAt(lab.nowMs, 6), agent: asker.id, ask, payload: '1', answerWithinMs: 30_000 } });
    lab.advance(20_000);
    expect(first(asker, 'timeout')).toBeUndefined();
    lab.advance(10_500);
    expect(first(asker, 'timeout')).toMatchObject({ message: ask });
  });
});

describe('a cancelled message', () => {
  test('ends waiting and offered deliveries, notifies the holders, and closes its question', async () => {
    await using scene = await asking();
    const { lab, asker, helper, ask } = scene;
    const late = held(helper);
    asker.act({ Cancel: { agent: asker.id, message: ask, reason: 'found it' } });
    asker.act({ Cancel: { agent: asker.id, message: ask, reason: 'found it' } });
    expect(helper.inbox()).toMatchObject([{ kind: 'cancelled', attempt: 0, message: ask }]);
    expect(payload(helper.inbox()[0])).toEqual({ reason: 'found it' });
    expect(helper.tryAct({ Acknowledge: late })).toEqual(['delivery/cancelled']);
    expect(lab.rows('ask')).toMatchObject([{ state: 'cancelled' }]);
    expect(asker.inbox()).toEqual([]);
    expect(helper.tryAct({ Cancel: { agent: helper.id, message: ask, reason: '' } })).toEqual(['message/unknown']);
  });
});

describe('a reference', () => {
  test('is refused unless the sender had the message, and is shown with its chain', async () => {
    await using scene = await asking();
    const { lab, asker, helper, ask } = scene;
    const stranger = lab.register('Stranger');
    const last = lab.register('Last');
    last.attach();
    expect(stranger.tryAct({ Send: stranger.message({ to: ['Last'], onBehalfOf: ask }) })).toEqual([
      'message/bad-reference',
    ]);
    const order = helper.send('Stranger', { onBehalfOf: ask });
    stranger.attach();
    stranger.send('Last', { onBehalfOf: order });
    const envelope = JSON.parse(String(last.inbox()[0]?.['envelope'])) as {
      onBehalfOf: { id: string; from: string }[];
    };
    expect(envelope.onBehalfOf.map(each => [each.id, each.from])).toEqual([
      [order, 'Helper'],
      [ask, 'Asker'],
    ]);
    const read = (agent: LabAgent, reference: string) =>
      agent.procedure('read_reference', { agent: agent.id, message: String(last.inbox()[0]?.['message']), reference });
    expect(String(read(last, ask))).toContain('"from":"Asker"');
    expect(() => read(asker, ask)).toThrow('message/bad-reference');
  });

  test('that forwards has the content of the original, whatever the sender gives', async () => {
    await using scene = await asking();
    const { lab, helper, ask } = scene;
    const last = lab.register('Last');
    last.attach();
    const forged = helper.message({ to: ['Last'], forwardOf: ask, payload: '{"pay":"me"}' });
    expect(helper.tryAct({ Send: forged })).toEqual(['message/bad-reference']);
    helper.act({ Send: helper.message({ to: ['Last'], forwardOf: ask, type: '', payload: '' }) });
    const envelope = JSON.parse(String(last.inbox()[0]?.['envelope'])) as Record<string, unknown>;
    expect(envelope).toMatchObject({
      from: 'Helper',
      type: 'status_update',
      payload: {},
      forwarded: [{ from: 'Asker' }],
    });
  });
});

describe('a group', () => {
  test('gets one delivery for each member but the sender, stored once, and ends with its last member', async () => {
    await using scene = await asking();
    const { lab, asker, helper } = scene;
    for (const agent of [asker, helper]) agent.call('join_group', { agent: agent.id, group: '#team' });
    const third = lab.register('Third');
    third.call('join_group', { agent: third.id, group: 'team' });
    const message = asker.send('#team');
    const deliveries = [...lab.rows('offer'), ...lab.rows('waiting')].filter(row => row['message'] === message);
    expect(deliveries.map(row => row['agent']).sort()).toEqual([helper.id, third.id]);
    expect(asker.procedure('group_members', { agent: asker.id, group: '#team' })).toEqual(['Asker', 'Helper', 'Third']);
    for (const agent of [asker, helper, third]) agent.call('leave_group', { agent: agent.id, group: '#team' });
    expect(lab.rows('agent_group')).toEqual([]);
    expect(asker.trySend('#team')).toEqual(['message/unknown-recipient']);
    expect(asker.tryCall('join_group', { agent: asker.id, group: '#has blanks' })).toBe('group/bad-name');
  });
});

describe('a broadcast that an agent fails', () => {
  test('affects that agent only: retried, dead after the last attempt, and named in a dead letter', async () => {
    await using scene = await asking();
    const { lab, asker, helper } = scene;
    const message = asker.send('*');
    const fail = (attempt: number, retry = true) => ({
      FailBroadcast: { agent: helper.id, seq: 1, attempt, reason: 'broken', retry },
    });
    helper.act(fail(1));
    helper.act(fail(1));
    expect(helper.tryAct(fail(3))).toEqual(['broadcast/stale-attempt']);
    const page = helper.procedure('read_broadcasts', { agent: helper.id, after: 0, limit: 9 }) as unknown[][][];
    expect(page[3]?.[0]?.[4]).toBe(1);
    for (let attempt = 2; attempt <= LIMITS.attempts; attempt++) helper.act(fail(attempt));
    expect(lab.rows('dead_letter')).toMatchObject([{ agent: helper.id, message, reason: 'broken', delivery: 0 }]);
    const status = asker.procedure('broadcast_status', { agent: asker.id, message }) as unknown[];
    expect(status[4]).toEqual(['Helper']);
    expect(helper.procedure('read_broadcasts', { agent: helper.id, after: 0, limit: 9 })).toEqual([1, 1, [], [], 1]);
  });
});

import { HUB_DEFAULTS, LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt, type LabAgent } from '../support/module-lab.ts';

/** A sender and an online recipient. */
async function pair(options: { credit?: number } = {}) {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient', options);
  recipient.attach();
  return { lab, sender, recipient, [Symbol.asyncDispose]: () => lab.close() };
}

const kinds = (agent: LabAgent) => agent.inbox().map(row => row['kind']);

describe('a delivery', () => {
  test('that is retried returns after a backoff, as the next attempt', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    const [first] = recipient.inbox();
    recipient.act({ Fail: { delivery: first?.['id'], attempt: 1, reason: 'not yet', retry: true } });
    expect(recipient.inbox()).toEqual([]);
    lab.advance(1_500);
    expect(recipient.inbox()).toMatchObject([{ id: first?.['id'], attempt: 2 }]);
    recipient.act({ Acknowledge: { delivery: first?.['id'], attempt: 2 } });
    expect(lab.rows('ended')).toMatchObject([{ state: 'done', attempt: 2 }]);
  });

  test('is dead after its last attempt, and its sender is notified', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const message = sender.send('Recipient');
    for (let attempt = 1; attempt <= LIMITS.attempts; attempt++) {
      const [row] = recipient.inbox();
      recipient.act({ Fail: { delivery: row?.['id'], attempt, reason: 'broken', retry: true } });
      lab.advance(61_000);
    }
    expect(lab.rows('ended')).toMatchObject([{ state: 'dead', attempt: LIMITS.attempts, reason: 'broken' }]);
    expect(sender.inbox()).toMatchObject([{ kind: 'dead', message, attempt: 0 }]);
    expect(lab.rows('event_log').map(row => row['type'])).toContain('message_dead_lettered');
  });

  test('whose lease ends returns, and the late acknowledgement is refused and settles nothing', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    const delivery = recipient.inbox()[0]?.['id'];
    lab.advance(LIMITS.leaseMs + 2_000);
    expect(recipient.inbox()).toMatchObject([{ id: delivery, attempt: 2 }]);
    expect(recipient.tryAct({ Acknowledge: { delivery, attempt: 1 } })).toEqual(['delivery/stale-attempt']);
    expect(recipient.inbox()).toMatchObject([{ id: delivery, attempt: 2 }]);
  });

  test('stays when its lease is extended in time', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    const delivery = recipient.inbox()[0]?.['id'];
    lab.advance(LIMITS.leaseMs - 10_000);
    recipient.act({ Extend: { delivery, attempt: 1, ms: LIMITS.leaseMs } });
    lab.advance(30_000);
    expect(recipient.inbox()).toMatchObject([{ attempt: 1 }]);
    lab.advance(40_000);
    expect(recipient.inbox()).toMatchObject([{ attempt: 2 }]);
  });

  test('that returned cannot be extended by the attempt before', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    const late = { delivery: recipient.inbox()[0]?.['id'], attempt: 1 };
    lab.advance(LIMITS.leaseMs + 500);
    expect(lab.rows('waiting')).toMatchObject([{ attempt: 2 }]);
    expect(recipient.tryAct({ Extend: { ...late, ms: 1_000 } })).toEqual(['delivery/stale-attempt']);
  });

  test('returned by its holder is returned once, however often the act is repeated, also after its last attempt', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    for (let attempt = 1; attempt <= LIMITS.attempts; attempt++) {
      const failing = { Fail: { delivery: recipient.inbox()[0]?.['id'], attempt, reason: 'broken', retry: true } };
      recipient.act(failing);
      recipient.act(failing);
      lab.advance(61_000);
    }
    expect(lab.rows('ended')).toMatchObject([{ state: 'dead', attempt: LIMITS.attempts }]);
  });

  test('waits for an offline agent, returns when the agent stays offline, and is kept when it reconnects in time', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    recipient.leave();
    lab.advance(LIMITS.graceMs - 1_000);
    recipient.attach();
    lab.advance(5_000);
    expect(recipient.inbox()).toMatchObject([{ attempt: 1 }]);
    recipient.leave();
    lab.advance(LIMITS.graceMs + 1_000);
    sender.send('Recipient');
    expect(recipient.inbox()).toEqual([]);
    expect(lab.rows('waiting')).toHaveLength(2);
    lab.advance(5_000);
    recipient.attach();
    expect(recipient.inbox().map(row => row['attempt'])).toEqual([1, 2]);
  });

  test('acknowledged again is a no-op, and a different end is refused', async () => {
    await using scene = await pair();
    const { sender, recipient } = scene;
    sender.send('Recipient');
    const attempt = { delivery: recipient.inbox()[0]?.['id'], attempt: 1 };
    recipient.act({ Acknowledge: attempt });
    recipient.act({ Acknowledge: attempt });
    expect(recipient.tryAct({ Fail: { ...attempt, reason: '', retry: false } })).toEqual(['delivery/ended']);
    expect(recipient.tryAct({ Acknowledge: { delivery: 99, attempt: 1 } })).toEqual(['delivery/unknown']);
    expect(sender.tryAct({ Acknowledge: attempt })).toEqual(['delivery/unknown']);
  });

  test('of an agent that is unregistered is dead, offered or queued', async () => {
    await using scene = await pair({ credit: 1 });
    const { lab, sender, recipient } = scene;
    for (let at = 0; at < 4; at++) sender.send('Recipient');
    expect(recipient.inbox()).toHaveLength(1);
    recipient.call('unregister_agent', { agent: recipient.id });
    lab.advance(1_000);
    expect(lab.rows('ended').map(row => row['state'])).toEqual(['dead', 'dead', 'dead', 'dead']);
    expect(lab.rows('waiting')).toEqual([]);
    expect(kinds(sender)).toEqual(['dead', 'dead', 'dead', 'dead']);
    expect(sender.trySend('Recipient')).toEqual(['message/unknown-recipient']);
  });
});

describe('a send', () => {
  test('repeated is a no-op, with other content is refused, and leaves one message', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const send = sender.message({ id: uuidAt(lab.nowMs, 7), to: ['Recipient'] });
    sender.act({ Send: send });
    sender.act({ Send: send });
    expect(sender.tryAct({ Send: { ...send, payload: '{"other":true}' } })).toEqual(['message/id-reused']);
    expect(recipient.inbox()).toHaveLength(1);
    expect(lab.rows('message')).toHaveLength(1);
  });

  test('with an id older than the retention, or from the future, is refused', async () => {
    await using scene = await pair();
    const { lab, sender } = scene;
    const old = sender.message({ id: uuidAt(lab.nowMs - HUB_DEFAULTS.keepMessagesMs - 1_000), to: ['Recipient'] });
    const ahead = sender.message({ id: uuidAt(lab.nowMs + LIMITS.clockSkewMs + 1_000), to: ['Recipient'] });
    expect(sender.tryAct({ Send: old })).toEqual(['message/id-too-old']);
    expect(sender.tryAct({ Send: ahead })).toEqual(['message/id-ahead']);
  });

  test('among acts of which one is refused leaves no row, and every refused act is named', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const good = { Send: sender.message({ to: ['Recipient'] }) };
    const unknown = { Send: sender.message({ to: ['Nobody'] }) };
    const wrong = { Send: sender.message({ to: ['Recipient'], priority: 5 }) };
    expect(sender.refusals([good, unknown, good, wrong])).toEqual([
      { act: 1, code: 'message/unknown-recipient' },
      { act: 3, code: 'message/bad-priority' },
    ]);
    expect(recipient.inbox()).toEqual([]);
    expect(lab.rows('message')).toEqual([]);
  });

  test('in the name of another agent is refused', async () => {
    await using scene = await pair();
    const { sender, recipient } = scene;
    expect(sender.tryAct({ Send: { ...sender.message({ to: ['Recipient'] }), agent: recipient.id } })).toEqual([
      'agent/not-yours',
    ]);
  });

  test('to several recipients stores the payload once and reaches each of them', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const other = lab.register('Other');
    other.attach();
    sender.act({ Send: sender.message({ to: ['Recipient', 'Other', 'Recipient'] }) });
    expect(lab.rows('message')).toHaveLength(1);
    expect([recipient.inbox().length, other.inbox().length]).toEqual([1, 1]);
  });
});

describe('an ask', () => {
  test('is answered once, in the transaction that ends the delivery', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const message = sender.send('Recipient', { answerWithinMs: 30_000 });
    const [row] = recipient.inbox();
    expect(row?.['kind']).toBe('ask');
    recipient.act({
      Respond: {
        delivery: row?.['id'],
        attempt: 1,
        id: uuidAt(lab.nowMs, 1),
        status: 'success',
        data: '{"n":1}',
        error: '',
      },
    });
    const [answer] = sender.inbox();
    expect(JSON.parse(String(answer?.['envelope']))).toMatchObject({
      from: 'Recipient',
      inReplyTo: message,
      payload: { status: 'success', data: { n: 1 } },
    });
    lab.advance(31_000);
    expect(kinds(sender)).toEqual(['answer']);
    sender.act({ Acknowledge: { delivery: answer?.['id'], attempt: 0 } });
    sender.act({ Acknowledge: { delivery: answer?.['id'], attempt: 0 } });
    expect(sender.inbox()).toEqual([]);
  });

  test('is not answered with an error that is too long', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient', { answerWithinMs: 30_000 });
    const attempt = { delivery: recipient.inbox()[0]?.['id'], attempt: 1 };
    const answer = { id: uuidAt(lab.nowMs, 3), status: 'error', data: '', error: 'x'.repeat(LIMITS.headerBytes + 1) };
    expect(recipient.tryAct({ Respond: { ...attempt, ...answer } })).toEqual(['message/too-large']);
    expect(recipient.inbox()).toHaveLength(1);
  });

  test('whose deadline passes is reported to the asker, and a later answer is kept and marked late', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient', { answerWithinMs: 2_000 });
    lab.advance(2_500);
    expect(kinds(sender)).toEqual(['timeout']);
    const [row] = recipient.inbox();
    recipient.act({
      Respond: { delivery: row?.['id'], attempt: 1, id: uuidAt(lab.nowMs, 2), status: 'success', data: '1', error: '' },
    });
    const late = sender.inbox().find(each => each['kind'] === 'answer');
    expect(JSON.parse(String(late?.['envelope']))).toMatchObject({
      payload: { status: 'success', data: 1, late: true },
    });
  });

  test('does not wait behind other asks for its answer: notices need no credit', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const busy = lab.register('Busy', { credit: 1 });
    busy.attach();
    sender.send('Busy');
    const asks = Array.from({ length: 3 }, () => busy.send('Recipient', { answerWithinMs: 30_000 }));
    recipient.inbox().forEach((row, at) => {
      recipient.act({
        Respond: {
          delivery: row['id'],
          attempt: 1,
          id: uuidAt(lab.nowMs, 50 + at),
          status: 'success',
          data: '1',
          error: '',
        },
      });
    });
    expect(asks).toHaveLength(3);
    expect(kinds(busy)).toEqual(['message', 'answer', 'answer', 'answer']);
  });
});

describe('a broadcast', () => {
  test('is one row, and each agent has a cursor over handled ones, in any order', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const messages = [1, 2, 3].map(() => sender.send('*'));
    expect(lab.rows('broadcast_log')).toHaveLength(3);
    expect(recipient.inbox()).toEqual([]);
    recipient.act({ AcknowledgeBroadcast: { agent: recipient.id, seq: 3 } });
    recipient.act({ AcknowledgeBroadcast: { agent: recipient.id, seq: 1 } });
    const page = recipient.procedure('read_broadcasts', { agent: recipient.id, after: 0, limit: 10 });
    expect(page).toMatchObject([1, 3, [3], [[2, Number(sender.id), 2, expect.any(String), 0]], 1]);
    expect(sender.procedure('broadcast_status', { agent: sender.id, message: messages[2] })).toEqual([
      3,
      1,
      ['Recipient'],
      [],
      [],
    ]);
    expect(sender.procedure('broadcast_status', { agent: sender.id, message: messages[1] })).toEqual([
      2,
      1,
      [],
      ['Recipient'],
      [],
    ]);
    recipient.act({ AcknowledgeBroadcast: { agent: recipient.id, seq: 2 } });
    expect(lab.rows('broadcast_handled')).toEqual([]);
    expect(recipient.tryAct({ AcknowledgeBroadcast: { agent: recipient.id, seq: 4 } })).toEqual(['broadcast/unknown']);
  });

  test('holds its payload whatever its length', async () => {
    await using scene = await pair();
    const { sender, recipient } = scene;
    const payload = JSON.stringify({ text: 'x'.repeat(10_000) });
    sender.send('*', { payload });
    const page = recipient.procedure('read_broadcasts', { agent: recipient.id, after: 0, limit: 1 }) as [
      number,
      number,
      number[],
      string[][],
    ];
    expect(JSON.parse(String(page[3][0]?.[3]))).toMatchObject({ payload: { text: 'x'.repeat(10_000) } });
  });

  test('is not for agents that register later', async () => {
    await using scene = await pair();
    const { lab, sender } = scene;
    sender.send('*');
    const late = lab.register('Late');
    expect(late.procedure('read_broadcasts', { agent: late.id, after: 0, limit: 10 })).toEqual([1, 1, [], [], 1]);
  });
});

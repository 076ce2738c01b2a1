import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, type LabAgent } from '../support/module-lab.ts';

/** A sender and an online recipient. */
async function pair() {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient', { capabilities: ['review'] });
  recipient.attach();
  return { lab, sender, recipient, [Symbol.asyncDispose]: () => lab.close() };
}

const fail = (agent: LabAgent, reason: string, retry = false) =>
  agent.act(...agent.inbox().map(({ id, attempt }) => ({ Fail: { delivery: id, attempt, reason, retry } })));
const payloads = (agent: LabAgent) =>
  agent.inbox().map(row => [row['kind'], (JSON.parse(String(row['envelope'])) as { payload: unknown }).payload]);

describe('a message that failed finally', () => {
  test('is a dead letter with its reason, its sender is notified, and it can be redriven', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const message = sender.send('Recipient');
    fail(recipient, 'no such account');
    expect(lab.rows('dead_letter')).toMatchObject([{ message, reason: 'no such account' }]);
    expect(payloads(sender)).toEqual([['dead', { reason: 'no such account' }]]);
    expect(lab.rows('ended')).toMatchObject([{ message, state: 'dead' }]);
    sender.call('redrive', { no: 1 });
    expect(recipient.inbox()).toMatchObject([{ message, attempt: LIMITS.attempts + 1 }]);
    fail(recipient, 'still not');
    expect(lab.rows('dead_letter')).toMatchObject([{ message, reason: 'still not' }]);
  });

  test('as an ask answers its asker with the error, once, and is a dead letter', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient', { answerWithinMs: 60_000 });
    fail(recipient, 'broken');
    expect(payloads(sender)).toEqual([['answer', { status: 'error', error: 'broken' }]]);
    expect(lab.rows('dead_letter')).toMatchObject([{ reason: 'broken' }]);
  });

  test('as a broadcast is a dead letter of that agent', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const message = sender.send('*');
    recipient.act({ FailBroadcast: { agent: recipient.id, seq: 1, attempt: 1, reason: 'never', retry: false } });
    expect(lab.rows('dead_letter')).toMatchObject([{ message, agent: recipient.id, reason: 'never' }]);
  });

  test('as a step is recorded at the step, and is no dead letter', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    const definition = JSON.stringify({ workflow_type: 'w', steps: [{ agent: 'Recipient', action: 'do' }] });
    sender.call('start_workflow', { id: lab.nextMessageId(), agent: sender.id, definition });
    fail(recipient, 'no paper');
    expect(lab.rows('step')).toMatchObject([{ state: 'failed', error: 'no paper' }]);
    expect(lab.rows('dead_letter')).toEqual([]);
  });
});

describe('an ask that ran out of time', () => {
  test('reports the last failure to its asker', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient', { answerWithinMs: 10_000 });
    fail(recipient, 'the first', true);
    lab.advance(1_500);
    fail(recipient, 'the second', true);
    lab.advance(20_000);
    expect(payloads(sender)).toEqual([['timeout', { reason: 'the second' }]]);
  });

  test.each([
    ['queued', 0],
    ['delayed', 9_000],
  ])('leaves the queue while it is %s', async (_, delayMs) => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    recipient.leave();
    const message = sender.send('@review', { answerWithinMs: 10_000, delayMs });
    sender.send('Recipient', { answerWithinMs: 10_000 });
    lab.advance(10_500);
    expect(lab.rows('waiting')).toEqual([]);
    expect(lab.rows('mailbox').map(row => row['waiting'])).toEqual([0, 0, 0]);
    expect(payloads(sender)).toEqual([
      ['timeout', {}],
      ['timeout', {}],
    ]);
    expect(lab.rows('ended').find(row => row['message'] === message)).toMatchObject({ state: 'expired' });
    expect(lab.rows('account').find(row => row['agent'] === sender.id)).toMatchObject({ unfinished: 0 });
    recipient.attach();
    expect(recipient.inbox()).toEqual([]);
  });

  test('may still be answered late by its holder, and is not queued again if that gives up', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient', { answerWithinMs: 10_000 });
    sender.send('Recipient', { answerWithinMs: 10_000 });
    lab.advance(10_500);
    const [first, second] = recipient.inbox();
    const answer = { id: lab.nextMessageId(), status: 'success', data: '1', error: '' };
    recipient.act({ Respond: { delivery: first?.['id'], attempt: 1, ...answer } });
    recipient.act({ Fail: { delivery: second?.['id'], attempt: 1, reason: 'too hard', retry: true } });
    lab.advance(5_000);
    expect(recipient.inbox()).toEqual([]);
    expect(lab.rows('waiting')).toEqual([]);
    expect(payloads(sender).map(([kind]) => kind)).toEqual(['timeout', 'timeout', 'answer']);
  });

  test('is offered to no agent after its asker left', async () => {
    await using scene = await pair();
    const { lab, sender, recipient } = scene;
    recipient.leave();
    lab.advance(LIMITS.graceMs + 1_000);
    for (let n = 0; n < 300; n++) sender.send('@review', { answerWithinMs: 600_000 });
    const other = lab.register('Other');
    other.send('@review', { answerWithinMs: 600_000 });
    sender.call('unregister_agent', { agent: sender.id });
    recipient.attach();
    lab.advance(1_000);
    expect(recipient.inbox()).toMatchObject([{ sender: other.id }]);
  });
});

import { HUB_DEFAULTS, LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab, uuidAt } from '../support/module-lab.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A hub that keeps all data for a minute, and two agents. */
async function forgetful() {
  const lab = await ModuleLab.open();
  const limits = { keepMessagesMs: MINUTE, keepEventsMs: MINUTE, keepWorkflowsMs: MINUTE };
  lab.owner.call('set_hub_limits', limits);
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient');
  recipient.attach();
  return { lab, sender, recipient, [Symbol.asyncDispose]: () => lab.close() };
}

const firstKept = (lab: ModuleLab, agent: number) =>
  lab.rows('account').find(row => row['agent'] === agent)?.['first_kept'];

describe('retention', () => {
  test('deletes finished messages with their ends and bytes, however many', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    lab.advance(10 * MINUTE);
    const before = lab.rows('tally');
    for (let n = 0; n < 600; n++) {
      sender.send('Recipient');
      recipient.act({ Acknowledge: { delivery: recipient.inbox()[0]?.['id'], attempt: 1 } });
    }
    lab.advance(10 * MINUTE);
    expect(lab.rows('message')).toEqual([]);
    expect(lab.rows('ended')).toEqual([]);
    expect(lab.rows('tally')).toEqual(before);
    expect(firstKept(lab, sender.id)).toBe(601);
  });

  test('keeps unfinished messages, which do not block later ones, and deletes them once they are finished', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    lab.register('Away');
    const left = sender.send('Away');
    sender.send('Recipient');
    recipient.act({ Acknowledge: { delivery: recipient.inbox()[0]?.['id'], attempt: 1 } });
    lab.advance(10 * MINUTE);
    expect(lab.rows('message')).toMatchObject([{ id: left }]);
    expect(firstKept(lab, sender.id)).toBe(3);
    sender.act({ Cancel: { agent: sender.id, message: left, reason: 'late' } });
    lab.advance(70 * MINUTE);
    expect(lab.rows('message')).toEqual([]);
  });

  test('keeps the message of a dead letter until the letter is purged', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    recipient.call('unregister_agent', { agent: recipient.id });
    lab.advance(10 * MINUTE);
    expect(lab.rows('message')).toHaveLength(1);
    lab.owner.call('purge', { no: 1 });
    sender.inbox().forEach(row => sender.act({ Acknowledge: { delivery: row['id'], attempt: 0 } }));
    lab.advance(70 * MINUTE);
    expect(lab.rows('message')).toEqual([]);
  });

  test('trims the logs of events and broadcasts, and advances the cursors', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    sender.send('*');
    sender.send('*');
    lab.advance(10 * MINUTE);
    expect(lab.rows('broadcast_log')).toEqual([]);
    expect(lab.rows('event_log')).toEqual([]);
    expect(lab.rows('message')).toEqual([]);
    expect(sender.procedure('read_events', { after: 0, limit: 1 })).toMatchObject({ 0: 'expired' });
    sender.send('*');
    recipient.act({ AcknowledgeBroadcast: { agent: recipient.id, seq: 3 } });
    expect(lab.rows('broadcast_cursor').map(row => row['handled'])).toEqual([3, 3]);
    expect(lab.rows('broadcast_handled')).toEqual([]);
  });

  test('deletes a workflow that has ended, with its steps', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    const steps = Array.from({ length: 250 }, (_, at) => ({
      id: `s${at}`,
      agent: 'Recipient',
      action: 'work',
      ...(at > 0 && { depends_on: ['s0'] }),
    }));
    const definition = JSON.stringify({ workflow_type: 'long', steps });
    sender.call('start_workflow', { id: uuidAt(lab.nowMs, 1), agent: sender.id, definition });
    recipient.act({ FailStep: { delivery: recipient.inbox()[0]?.['id'], attempt: 1, error: 'no', retry: false } });
    lab.advance(2 * MINUTE + LIMITS.clockSkewMs);
    expect([lab.rows('step'), lab.rows('workflow_state'), lab.rows('workflow'), lab.rows('workflow_watch')]).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  test('deletes the account of an unregistered agent with its last message', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    recipient.act({ Acknowledge: { delivery: recipient.inbox()[0]?.['id'], attempt: 1 } });
    sender.call('unregister_agent', { agent: sender.id });
    lab.advance(10 * MINUTE);
    expect(firstKept(lab, sender.id)).toBeUndefined();
  });

  test('deletes dead letters after their time, and then their messages', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    sender.send('Recipient');
    recipient.act({ Fail: { delivery: recipient.inbox()[0]?.['id'], attempt: 1, reason: 'no', retry: false } });
    lab.sleep(LIMITS.keepDeadLettersMs - HOUR);
    lab.advance(2 * MINUTE);
    expect(lab.rows('dead_letter')).toHaveLength(1);
    lab.sleep(HOUR);
    lab.advance(2 * MINUTE);
    expect(lab.rows('dead_letter')).toEqual([]);
    lab.sleep(HOUR);
    lab.advance(2 * MINUTE);
    expect(lab.rows('message')).toEqual([]);
  });

  test('deletes a work queue that no agent announces for long, and its deliveries are dead', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    const announce = (...capabilities: string[]) =>
      recipient.call('update_agent', { agent: recipient.id, capabilities });
    const queues = () => lab.rows('mailbox').flatMap(row => (String(row['name']).startsWith('@') ? row['name'] : []));
    announce('one', 'two');
    announce('two');
    announce();
    sender.send('@one');
    lab.sleep(LIMITS.keepQueuesMs - HOUR);
    lab.advance(MINUTE);
    announce('two');
    announce();
    lab.sleep(2 * HOUR);
    lab.advance(MINUTE);
    expect(queues()).toEqual(['@two']);
    expect(sender.inbox()).toMatchObject([{ kind: 'dead' }]);
    expect(sender.trySend('@one')).toEqual(['message/unknown-recipient']);
    announce('one');
    sender.send('@one');
    expect(recipient.inbox()).toHaveLength(1);
    announce('two');
    expect(queues()).toEqual(['@two', '@one']);
    expect(lab.rows('due').filter(row => row['kind'] === 'deserted').length).toBeLessThanOrEqual(2);
  });

  test('unregisters an agent that is absent for long, but none that is online or sends', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    lab.register('Never');
    const gone = lab.register('Gone');
    gone.attach();
    gone.leave();
    lab.sleep(LIMITS.keepAgentsMs - HOUR);
    lab.advance(MINUTE);
    sender.send('Recipient');
    lab.sleep(2 * HOUR);
    lab.advance(MINUTE);
    expect(lab.rows('agent').map(row => row['name'])).toEqual(['Sender', 'Recipient']);
    recipient.leave();
    lab.sleep(LIMITS.keepAgentsMs + HOUR);
    lab.advance(MINUTE);
    expect(lab.rows('agent')).toEqual([]);
  });

  test('a timer ends within a day of its message or workflow', async () => {
    await using scene = await forgetful();
    const { lab, sender, recipient } = scene;
    const ttlMs = 300 * 24 * HOUR;
    sender.send('Recipient', { ttlMs });
    const steps = [{ agent: 'Recipient', action: 'do', timeout_ms: ttlMs }];
    const definition = JSON.stringify({ workflow_type: 'short', steps, deadline_ms: ttlMs });
    sender.call('start_workflow', { id: uuidAt(lab.nowMs, 1), agent: sender.id, definition });
    const timers = () => lab.rows('due').map(row => row['kind']);
    expect(timers()).toEqual(expect.arrayContaining(['expire', 'step-timeout', 'workflow-deadline']));
    for (const row of recipient.inbox()) recipient.act({ Acknowledge: { delivery: row['id'], attempt: 1 } });
    for (let day = 0; day < 2; day++) {
      lab.sleep(25 * HOUR);
      lab.advance(2 * MINUTE);
    }
    expect(timers().filter(kind => ['expire', 'step-timeout', 'workflow-deadline'].includes(String(kind)))).toEqual([]);
  });

  test('a timer of a time to live above a day fires at its time', async () => {
    await using scene = await forgetful();
    const { lab, sender } = scene;
    lab.register('Away');
    const id = sender.send('Away', { ttlMs: 60 * HOUR });
    for (const hours of [30, 29]) {
      lab.sleep(hours * HOUR);
      lab.advance(MINUTE);
    }
    expect(lab.rows('waiting')).toMatchObject([{ message: id }]);
    lab.sleep(HOUR);
    lab.advance(MINUTE);
    expect(sender.inbox()).toMatchObject([{ kind: 'expired' }]);
  });

  test('refuses ids that may have been deleted when the retention is extended again', async () => {
    await using scene = await forgetful();
    const { lab, sender } = scene;
    lab.advance(10 * MINUTE);
    const old = { Send: sender.message({ id: uuidAt(lab.nowMs - 2 * MINUTE), to: ['Recipient'] }) };
    lab.owner.call('set_hub_limits', { keepMessagesMs: HUB_DEFAULTS.keepMessagesMs });
    expect(sender.tryAct(old)).toEqual(['message/id-too-old']);
  });
});

// Delays and times to live, with a clock that the test advances.

import { describe, expect, test } from 'vitest';
import { ModuleLab } from '../support/module-lab.ts';

async function open() {
  const lab = await ModuleLab.open();
  const sender = lab.register('Sender');
  const recipient = lab.register('Recipient', { credit: 256 });
  sender.attach();
  recipient.attach();
  return { lab, sender, recipient, [Symbol.asyncDispose]: () => lab.close() };
}

describe('time', () => {
  test('a delay holds a message back, and a cancelled one is never offered', async () => {
    await using scene = await open();
    const { lab, sender, recipient } = scene;
    const message = sender.send('Recipient', { delayMs: 5_000 });
    const cancelled = sender.send('Recipient', { delayMs: 5_000 });
    sender.act({ Cancel: { agent: sender.id, message: cancelled, reason: 'no more' } });
    lab.advance(4_990);
    expect(recipient.inbox()).toEqual([]);
    lab.advance(500);
    expect(recipient.inbox()).toMatchObject([{ message, attempt: 1 }]);
  });

  test('300 delays that end in one slot are swept in chunks, and all are offered', async () => {
    await using scene = await open();
    const { lab, sender, recipient } = scene;
    for (let at = 0; at < 3; at++) {
      sender.act(
        ...Array.from({ length: 100 }, () => ({ Send: sender.message({ to: ['Recipient'], delayMs: 5_000 }) })),
      );
    }
    lab.advance(5_500);
    expect(recipient.inbox()).toHaveLength(256);
    expect(lab.rows('waiting')).toHaveLength(44);
    expect(lab.rows('waiting').every(row => row['lane'] === 2)).toBe(true);
    lab.advance(1_000);
    expect(lab.rows('due_count').every(row => Number(row['slot']) * 250_000 > Number(lab.now))).toBe(true);
  });

  test('a time to live does not affect a held delivery, and ends it when it returns', async () => {
    await using scene = await open();
    const { lab, sender, recipient } = scene;
    const message = sender.send('Recipient', { ttlMs: 3_000 });
    const attempt = { delivery: recipient.inbox()[0]?.['id'], attempt: 1 };
    lab.advance(4_000);
    expect(recipient.inbox()).toHaveLength(1);
    recipient.act({ Fail: { ...attempt, reason: 'later', retry: true } });
    recipient.act({ Fail: { ...attempt, reason: 'later', retry: true } });
    expect(lab.rows('ended')).toMatchObject([{ state: 'expired', attempt: 1 }]);
    expect(sender.inbox()).toMatchObject([{ kind: 'expired', message }]);
  });

  test('a delayed broadcast is shown when its delay is over', async () => {
    await using scene = await open();
    const { lab, sender } = scene;
    sender.send('*', { delayMs: 5_000 });
    expect(lab.rows('broadcast_log')).toEqual([]);
    lab.advance(5_500);
    expect(lab.rows('broadcast_log')).toHaveLength(1);
  });
});

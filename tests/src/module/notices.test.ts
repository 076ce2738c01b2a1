// Notices need no credit, are never lost, and are shown in bounded numbers.

import { LIMITS } from '@agora/module/contract';
import { describe, expect, test } from 'vitest';
import { ModuleLab } from '../support/module-lab.ts';

describe('notices', () => {
  test('of 300 expired messages are shown in order, a bounded number together, and none is lost', async () => {
    await using lab = await ModuleLab.open();
    const sender = lab.register('Sender');
    sender.attach();
    lab.register('Away');
    const sent = Array.from({ length: 300 }, () => sender.send('Away', { ttlMs: 1_000 }));
    lab.advance(2_000);
    const taken: unknown[] = [];
    const ids: number[] = [];
    for (let shown = sender.inbox(); shown.length > 0; shown = sender.inbox()) {
      expect(shown.length).toBe(Math.min(LIMITS.visibleNotices, 300 - taken.length));
      const first = shown.sort((a, b) => Number(a['id']) - Number(b['id']))[0];
      taken.push(first?.['message']);
      ids.push(Number(first?.['id']));
      sender.act({ Acknowledge: { delivery: first?.['id'], attempt: 0 } });
    }
    // In the order of their arrival; the timers of one slot fire in no order.
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(taken.toSorted()).toEqual(sent.toSorted());
    expect(lab.rows('notice')).toEqual([]);
  });

  test('of cancelled work stay within the visible limit, however often work is cancelled', async () => {
    await using lab = await ModuleLab.open();
    const sender = lab.register('Sender');
    const recipient = lab.register('Recipient', { credit: 1 });
    recipient.attach();
    for (let at = 0; at < LIMITS.visibleNotices + 20; at++) {
      sender.act({ Cancel: { agent: sender.id, message: sender.send('Recipient'), reason: 'no more' } });
    }
    expect(recipient.inbox()).toHaveLength(LIMITS.visibleNotices);
    expect(lab.rows('notice')).toHaveLength(20);
    for (const row of recipient.inbox()) recipient.act({ Acknowledge: { delivery: row['id'], attempt: 0 } });
    expect(recipient.inbox()).toHaveLength(20);
  });

  test('of cancelled work from a queue may be acknowledged twice, like any other', async () => {
    await using lab = await ModuleLab.open();
    const sender = lab.register('Sender');
    const worker = lab.register('Worker', { capabilities: ['work'] });
    worker.attach();
    sender.act({ Cancel: { agent: sender.id, message: sender.send('@work'), reason: 'no more' } });
    const [notice] = worker.inbox();
    expect(notice).toMatchObject({ kind: 'cancelled', attempt: 0 });
    const taking = { Acknowledge: { delivery: notice?.['id'], attempt: 0 } };
    worker.act(taking);
    worker.act(taking);
    expect(worker.inbox()).toEqual([]);
    expect(worker.tryAct({ Acknowledge: { delivery: notice?.['id'], attempt: 1 } })).toEqual(['delivery/cancelled']);
    expect(sender.tryAct(taking)).toEqual(['delivery/unknown']);
  });

  test('of an agent that is unregistered are removed with it, also those caused by its removal', async () => {
    await using lab = await ModuleLab.open();
    const ada = lab.register('Ada');
    ada.attach();
    ada.send('Ada');
    ada.call('unregister_agent', { agent: ada.id });
    expect(lab.rows('ended')).toMatchObject([{ state: 'dead' }]);
    expect(lab.rows('offer')).toEqual([]);
  });
});

// Delayed messages, and messages whose time to live is over.

import type { Notice } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('a delayed message', () => {
  test('is offered after messages that were sent later without a delay', async () => {
    const reader = await hub.join('Patient');
    const sender = await hub.join('Planner');
    const received = new Received<unknown>();
    await reader.subscribeToMessages('note', ({ payload }) => received.add(payload));
    const note = { to: 'Patient', messageType: 'note' };

    const later = await sender.sendMessage({ ...note, payload: 'later', delayMs: 1_500 });
    await sender.sendMessage({ ...note, payload: 'at', deliverAt: new Date(Date.now() + 1_000) });
    expect(await sender.messageStatus(later.messageId)).toMatchObject([{ agent: 'Patient', state: 'delayed' }]);
    await sender.sendMessage({ ...note, payload: 'now' });

    expect([...(await received.atLeast(3))].sort()).toEqual(['at', 'later', 'now']);
    expect(received.items[0]).toBe('now');
  });
});

describe('a time to live', () => {
  test('that is over before the message is offered is reported to its sender', async () => {
    const away = await hub.join('Absent');
    await away.close();
    const sender = await hub.join('Hurried');
    const notices = new Received<Notice>();
    sender.on('notice', notices.add);

    const sent = await sender.sendMessage({ to: 'Absent', messageType: 'note', payload: 1, ttlMs: 300 });

    expect(await notices.first()).toMatchObject({ kind: 'expired', about: sent.messageId });
    expect(await sender.messageStatus(sent.messageId)).toMatchObject([{ state: 'expired' }]);
  });

  test('is shown to the recipient, and invalid times are refused', async () => {
    const reader = await hub.join('InTime');
    const sender = await hub.join('Punctual');
    const received = new Received<Date | undefined>();
    await reader.subscribeToMessages('note', ({ expiresAt }) => received.add(expiresAt));

    await sender.sendMessage({ to: 'InTime', messageType: 'note', payload: 1, ttlMs: 60_000 });

    expect(await received.first()).toBeInstanceOf(Date);
    const late = sender.sendMessage({ to: 'InTime', messageType: 'note', payload: 1, ttlMs: 10, delayMs: 20 });
    await expect(late).rejects.toMatchObject({ code: 'message/bad-time' });
  });
});

// "Listen for Messages": one handler for several types; and messages that it does not take.

import { AgoraError, type IncomingMessage, PermanentError } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});

afterAll(() => hub[Symbol.asyncDispose]());

describe('an agent listens', () => {
  test('as the document shows', async () => {
    const printed = new Received<string>();
    const processed = new Received<unknown>();
    const collaborations = new Received<unknown>();
    const client = await hub.join('YourAgentName');
    await client.subscribeToMessages({
      handler: async message => {
        printed.add(`Received ${message.type} from ${message.sourceAgent}`);

        if (message.is('task_assignment')) {
          // Handle task assignment
          const task = message.payload.task;
          await Promise.resolve(processed.add(task));
        } else if (message.is('collaboration_request')) {
          // Handle collaboration request
          const project = message.payload.project;
          await Promise.resolve(collaborations.add(project));
        }
      },
    });
    const manager = await hub.join('ProjectManager');

    await manager.sendMessage({
      toAgent: 'YourAgentName',
      messageType: 'task_assignment',
      payload: { task: { action: 'write', title: 'Modal' } },
    });
    await manager.sendMessage({
      toAgent: 'YourAgentName',
      messageType: 'collaboration_request',
      payload: { project: 'design system' },
    });

    expect(await processed.first()).toEqual({ action: 'write', title: 'Modal' });
    expect(await collaborations.first()).toBe('design system');
    expect(printed.items).toEqual([
      'Received task_assignment from ProjectManager',
      'Received collaboration_request from ProjectManager',
    ]);
  });

  test('with no more parallel handlers than configured, the highest priority first', async () => {
    const client = await hub.join('OneAtATime');
    const sender = await hub.join('Sender');
    const begun = gate();
    const hold = gate();
    const order = new Received<unknown>();
    await client.subscribeToMessages('work', {
      concurrency: 1,
      handler: async ({ payload }) => {
        order.add(payload);
        begun.open();
        await hold.opened;
      },
    });
    await sender.sendMessage({ toAgent: 'OneAtATime', messageType: 'work', payload: 'first' });
    await begun.opened;

    for (const [payload, priority] of [
      ['low', 1],
      ['normal', 2],
      ['high', 3],
      ['critical', 4],
    ] as const) {
      await sender.sendMessage({ toAgent: 'OneAtATime', messageType: 'work', payload, priority });
    }
    // The answer arrives after all earlier messages have been shown.
    await client.sendMessage({ toAgent: 'Sender', messageType: 'work', payload: 'shown' });
    expect(order.items).toEqual(['first']);
    hold.open();

    expect(await order.atLeast(5)).toEqual(['first', 'critical', 'high', 'normal', 'low']);
  });

  test('in a loop, and acknowledges explicitly', async () => {
    const client = await hub.join('Looper');
    const sender = await hub.join('LoopSender');
    const numbers = [1, 2, 3];
    for (const payload of numbers) await sender.sendMessage({ toAgent: 'Looper', messageType: 'n', payload });

    const seen: unknown[] = [];
    const subscription = await client.subscribeToMessages('n');
    for await (const message of subscription) {
      seen.push(message.payload);
      await message.ack();
      await expect(message.ack()).rejects.toMatchObject({ code: 'message/settled' });
      if (seen.length === numbers.length) break;
    }

    expect(seen).toEqual(numbers);
    await subscription.close();
    const left = (await hub.rows('offer')).filter(row => JSON.stringify(row).includes('LoopSender'));
    expect(left).toEqual([]);
  });

  test('later: earlier messages wait for the first subscription that takes them', async () => {
    const client = await hub.join('SlowStarter');
    const sender = await hub.join('EarlySender');
    await client.subscribeToMessages({ filters: { messageTypes: ['wanted'] }, handler: () => undefined });
    await sender.sendMessage({ toAgent: 'SlowStarter', messageType: 'unwanted', payload: 'kept' });
    await sender.sendMessage({ toAgent: 'SlowStarter', messageType: 'wanted', payload: {}, timeout: 5 });

    const incoming = new Received<unknown>();
    await client.subscribeToMessages({
      filters: { messageTypes: ['unwanted'] },
      handler: ({ payload }) => incoming.add(payload),
    });

    expect(await incoming.first()).toBe('kept');
  });

  test('and messages that no subscription takes do not block the others', async () => {
    const client = await hub.join('Choosy', { credit: 4 });
    const sender = await hub.join('Insistent');
    const incoming = new Received<unknown>();
    await client.subscribeToMessages({
      filters: { messageTypes: ['wanted'] },
      handler: ({ payload }) => incoming.add(payload),
    });
    const spam = Array.from({ length: 12 }, (_, n) => ({ toAgent: 'Choosy', messageType: 'spam', payload: n }));

    await Promise.all(spam.map(each => sender.sendMessage(each)));
    await sender.sendMessage({ toAgent: 'Choosy', messageType: 'wanted', payload: 'through' });

    expect(await incoming.first()).toBe('through');
  });

  test('and a message is settled once: by its handler’s call or by its end', async () => {
    const client = await hub.join('Decided');
    const sender = await hub.join('Asker');
    await client.subscribeToMessages('q', async (message, context) => {
      if (message.payload === 'respond') await context.respond('early');
      if (message.payload === 'error') await context.respondError('cannot');
      if (message.payload === 'fail') await context.fail('will not', { retry: false });
      if (message.payload === 'permanent') throw new PermanentError('never');
      return 'late';
    });
    const ask = (payload: string) => sender.sendMessage({ toAgent: 'Decided', messageType: 'q', payload, timeout: 5 });

    expect(await ask('respond')).toMatchObject({ status: 'success', data: 'early', from: 'Decided' });
    expect(await ask('error')).toMatchObject({ status: 'error', error: 'cannot' });
    expect(await ask('fail')).toMatchObject({ status: 'error', error: 'will not' });
    expect(await ask('permanent')).toMatchObject({ status: 'error', error: 'never' });
    expect(await ask('return')).toMatchObject({ status: 'success', data: 'late' });
  });

  test('until the subscription is closed: its handlers are notified, and waiting messages go to the next one', async () => {
    const client = await hub.join('Closer');
    const sender = await hub.join('CloserFriend');
    const begun = new Received<AbortSignal>();
    const subscription = await client.subscribeToMessages('work', {
      concurrency: 1,
      handler: (_message, { signal }) => {
        begun.add(signal);
        return new Promise(resolve => signal.addEventListener('abort', resolve));
      },
    });
    await sender.sendMessage({ toAgent: 'Closer', messageType: 'work', payload: 1 });
    await sender.sendMessage({ toAgent: 'Closer', messageType: 'work', payload: 2 });
    const signal = await begun.first();

    await subscription.close();
    const incoming = new Received<unknown>();
    await client.subscribeToMessages('work', ({ payload }) => incoming.add(payload));

    expect(signal.reason).toBeInstanceOf(AgoraError);
    expect(await incoming.first()).toBe(2);
  });

  test('and a payload that does not match its standard type never reaches the handler', async () => {
    const warnings = new Received<AgoraError>();
    const received = new Received<IncomingMessage>();
    const client = await hub.join('Strict');
    client.on('warning', warnings.add);
    await client.subscribeToMessages(received.add);
    const sender = await hub.join('Sloppy');
    const untyped = { toAgent: 'Strict', messageType: 'task_assignment', payload: { task: 'a text' as never } };

    await expect(sender.sendMessage(untyped)).rejects.toMatchObject({
      code: 'message/bad-payload',
      message: expect.stringContaining('payload.task') as string,
    });

    expect(received.items).toEqual([]);
  });
});

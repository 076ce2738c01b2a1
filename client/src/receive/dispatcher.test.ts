import { describe, expect, test } from 'vitest';
import type { Act } from '../acts/acts.ts';
import { BroadcastSettlement, DeliverySettlement } from '../acts/settlement.ts';
import { Dispatcher, type Consumer } from './dispatcher.ts';
import { IncomingMessage, type MessageKeeper, type MessageKind } from './incoming-message.ts';
import { MessageQueue } from './message-queue.ts';

const acts: Act[] = [];
const keeper: MessageKeeper = {
  perform: act => acts.push(act),
  warn: () => undefined,
  settled: () => undefined,
  refused: () => undefined,
  extended: () => undefined,
};

let last = 0n;

function aMessage(
  fields: { type?: string; priority?: number; kind?: MessageKind; payload?: unknown } = {},
): IncomingMessage {
  const { type = 'note', priority = 2, kind = 'message', payload = {} } = fields;
  const settlement =
    kind === 'broadcast' ? new BroadcastSettlement(1n, ++last, 1) : new DeliverySettlement(++last, 1, kind);
  const envelope = {
    id: `m${last}`,
    from: 'Ada',
    fromId: 1,
    to: 'Bob',
    type,
    priority,
    sentAt: 0,
    answerBy: 0,
    payload,
  };
  return new IncomingMessage(envelope, kind, kind === 'broadcast' ? 0 : 1, settlement, keeper);
}

function aConsumer(type: string): Consumer & { readonly taken: IncomingMessage[] } {
  const taken: IncomingMessage[] = [];
  return { taken, wants: message => message.type === type, take: message => taken.push(message) };
}

function aDispatcher(credit = 4): Dispatcher {
  acts.length = 0;
  return new Dispatcher(credit, () => undefined);
}

describe('a message', () => {
  test('goes only to the first consumer that accepts it', () => {
    const dispatcher = aDispatcher();
    const [first, second] = [aConsumer('note'), aConsumer('note')];
    dispatcher.add(first, 'messages');
    dispatcher.add(second, 'messages');
    dispatcher.dispatch(aMessage());
    expect([first.taken.length, second.taken.length]).toEqual([1, 0]);
  });

  test('waits for a consumer that accepts it', () => {
    const dispatcher = aDispatcher();
    const message = aMessage();
    dispatcher.dispatch(message);
    expect(dispatcher.isUnclaimed(message)).toBe(true);
    const consumer = aConsumer('note');
    dispatcher.add(consumer, 'messages');
    expect(consumer.taken).toEqual([message]);
    expect(dispatcher.isUnclaimed(message)).toBe(false);
  });

  test('without a consumer takes at most half of the credit once there are others, and then fails', () => {
    const dispatcher = aDispatcher(4);
    for (let n = 0; n < 4; n++) dispatcher.dispatch(aMessage());
    expect(acts).toEqual([]);

    dispatcher.add(aConsumer('other'), 'messages');

    expect(acts.map(each => each.tag)).toEqual(['Fail', 'Fail']);
    expect(acts[0]).toMatchObject({ value: { retry: true, delivery: last - 3n } });
    dispatcher.dispatch(aMessage());
    expect(acts).toHaveLength(3);
  });

  test('is acknowledged if it is a broadcast without a consumer', () => {
    const dispatcher = aDispatcher();
    dispatcher.add(aConsumer('other'), 'messages');
    dispatcher.dispatch(aMessage({ kind: 'broadcast' }));
    expect(acts.map(each => each.tag)).toEqual(['AcknowledgeBroadcast']);
  });

  test('with an invalid payload fails permanently', () => {
    const dispatcher = aDispatcher();
    const consumer = aConsumer('task_assignment');
    dispatcher.add(consumer, 'messages');
    dispatcher.dispatch(aMessage({ type: 'task_assignment', payload: { task: 1 } }));
    expect(consumer.taken).toEqual([]);
    expect(acts).toMatchObject([
      { tag: 'Fail', value: { retry: false, reason: expect.stringContaining('payload.task') as string } },
    ]);
  });

  test('that waits goes to another consumer when its own is removed', () => {
    const dispatcher = aDispatcher();
    const [first, second] = [aConsumer('note'), aConsumer('note')];
    dispatcher.add(first, 'messages');
    dispatcher.add(second, 'messages');
    dispatcher.dispatch(aMessage());
    dispatcher.remove(first, first.taken);
    expect(second.taken).toEqual(first.taken);
  });
});

describe('mail', () => {
  test('keeps messages without a consumer, also broadcasts, and hands them out by priority', () => {
    const dispatcher = aDispatcher(2);
    dispatcher.keepMail();
    dispatcher.add(aConsumer('other'), 'messages');
    const messages = [aMessage({ priority: 1 }), aMessage({ kind: 'broadcast' }), aMessage({ priority: 3 })];
    for (const message of messages) dispatcher.dispatch(message);
    expect(acts).toEqual([]);
    expect(dispatcher.takeMail(2)).toEqual([messages[2], messages[1]]);
    expect(dispatcher.takeMail(2)).toEqual([messages[0]]);
    expect(dispatcher.unclaimed).toBe(0);
  });
});

describe('a queue', () => {
  test('orders by priority, then by arrival, without messages that were taken back', () => {
    const queue = new MessageQueue();
    const messages = [1, 3, 2, 3, 4, 1].map(priority => aMessage({ priority }));
    for (const message of messages) queue.push(message);
    messages[1]?.lose(new Error('taken back'));
    expect(queue.drain()).toEqual([4, 3, 2, 0, 5].map(at => messages[at]));
    expect(queue.size).toBe(0);
  });
});

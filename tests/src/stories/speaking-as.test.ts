// Two processes of one agent: one serves it, and others only send as it or look at its inbox.

import type { Priority } from '@agora/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
beforeAll(async () => void (hub = await startTestHub()));
afterAll(() => hub[Symbol.asyncDispose]());

test('a process that only sends as an agent takes no delivery from the one that serves it, and receives answers to its questions', async () => {
  const echo = await hub.join('Echo');
  await echo.subscribeToMessages('question', message => message.payload);
  const serving = await hub.join('Served', { capabilities: ['serving'], metadata: { home: 'here' } });
  const received = new Received<string>();
  await serving.subscribeToMessages('work', message => received.add(message.id));

  const speaking = hub.client('Served', { token: serving.token });
  await speaking.connect();
  await speaking.resumeAgent({ receives: false });
  const asked = { toAgent: 'Echo', messageType: 'question', payload: { n: 1 }, timeout: 10 };
  expect(await speaking.sendMessage(asked)).toMatchObject({ status: 'success', data: { n: 1 } });
  const { messageId } = await speaking.sendMessage({ toAgent: 'Served', messageType: 'work', payload: {} });
  expect(await received.first()).toBe(messageId);
  const [info] = await echo.findAgents({ name: 'Served' });
  expect(info).toMatchObject({ capabilities: ['serving'], metadata: { home: 'here' }, presence: 'online' });
});

test('a process that only sent as an agent can serve it later, and gets what was offered in between', async () => {
  const before = await hub.join('Twice');
  const { token } = before;
  await hub.join('Teller').then(teller => teller.sendMessage({ toAgent: 'Twice', messageType: 'note', payload: 1 }));
  expect(await before.waitForMail()).toBe(true);
  const after = hub.client('Twice', { token });
  await after.connect();
  await after.resumeAgent({ receives: false });
  await before.close();
  expect(await after.takeMail()).toEqual([]);
  await after.resumeAgent();
  expect(await after.takeMail()).toMatchObject([{ payload: 1, attempt: 1 }]);
});

test('an agent that does not exist, or of another identity, cannot be used', async () => {
  const stranger = hub.client('Nobody');
  await stranger.connect();
  await expect(stranger.resumeAgent()).rejects.toMatchObject({ code: 'agent/unknown' });
  await hub.join('Owned');
  const other = hub.client('Owned');
  await other.connect();
  await expect(other.resumeAgent()).rejects.toMatchObject({ code: 'agent/not-yours' });
});

test('peeking at an inbox takes no delivery, and shows the order of delivery', async () => {
  const sender = await hub.join('Sender');
  const owner = await hub.join('Away', { credit: 1 });
  const { token } = owner;
  await owner.close();
  const send = (priority: Priority, payload: unknown) =>
    sender.sendMessage({ toAgent: 'Away', messageType: 'note', priority, payload });
  await send(2, 'normal');
  await send(3, 'high');
  await send(2, 'x'.repeat(5_000));
  await sender.sendMessage({ toAgent: 'Away', messageType: 'note', payload: 'later', delayMs: 3_600_000 });
  await sender.broadcast({ messageType: 'note', payload: 'to all' });

  const looking = hub.client('Away', { token });
  await looking.connect();
  await looking.resumeAgent({ receives: false });
  for (let look = 0; look < 3; look++) {
    const { messages, ...inbox } = await looking.peekInbox();
    expect(inbox).toEqual({ isOnline: false, credit: 1, held: 0, waiting: 3 });
    expect(messages.map(each => [each.kind, each.state, each.payload, each.payloadBytes, each.attempt])).toEqual([
      ['message', 'queued', 'high', undefined, 1],
      ['message', 'queued', 'normal', undefined, 1],
      ['message', 'queued', undefined, 5_002, 1],
      ['broadcast', 'queued', 'to all', undefined, 1],
    ]);
  }

  // Taken in a turn: settled after detaching, so that no delivery is offered that the process does not want.
  const taking = hub.client('Away', { token });
  await taking.connect();
  await taking.resumeAgent();
  expect(await taking.waitForMail({ timeoutMs: 10_000 })).toBe(true);
  const taken = (await taking.takeMail()).find(each => each.kind === 'message');
  expect(taken?.payload).toBe('high');
  await taking.detachAgent();
  await taken?.ack();
  const after = await looking.peekInbox();
  expect(after).toMatchObject({ isOnline: false, held: 0, waiting: 2 });
  expect(after.messages.every(each => each.attempt === 1)).toBe(true);
});

test('a process that watches agents gets each change', async () => {
  const watcher = await hub.join('Watcher');
  const stop = new AbortController();
  const seen = new Received<string>();
  const watching = (async () => {
    for await (const agents of watcher.watchAgents({ name: 'Comer' }, { signal: stop.signal })) {
      seen.add(agents.map(each => each.presence).join());
    }
  })();
  expect(await seen.first()).toBe('');
  const comer = await hub.join('Comer');
  while (!seen.items.includes('online')) await seen.atLeast(seen.items.length + 1);
  await comer.close();
  while (seen.items.at(-1) !== 'offline') await seen.atLeast(seen.items.length + 1);
  stop.abort();
  await watching;
});

test('events are read from a time on, up to now', async () => {
  const publisher = await hub.join('Publisher');
  await publisher.publishEvent({ eventType: 'reading.one', data: { n: 1 } });
  await publisher.publishEvent({ eventType: 'reading.two', data: { n: 2 } });
  const read = async (from: number | Date, until: 'now' | number) => {
    const events = [];
    for await (const event of await publisher.subscribeToEvents('reading.*', { from, until })) events.push(event);
    return events;
  };
  const all = await read(new Date(0), 'now');
  expect(all.map(each => each.data)).toEqual([{ n: 1 }, { n: 2 }]);
  const [first, second] = all;
  expect((await read(second?.at ?? new Date(), 'now')).map(each => each.seq)).toContain(second?.seq);
  expect((await read(first?.seq ?? 0, first?.seq ?? 0)).map(each => each.seq)).toEqual([first?.seq]);
  expect(await read(new Date(Date.now() + 60_000), 'now')).toEqual([]);
});

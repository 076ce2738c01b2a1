import { expect, test } from 'vitest';
import { startHub } from './index.ts';

test('each agent has its own identity, and hubs share nothing', async () => {
  await using hub = await startHub();
  await using other = await startHub();
  const [ada, ben] = await Promise.all([hub.connect('Ada'), hub.connect('Ben', { capabilities: ['review'] })]);
  const stranger = await other.connect('Ada');

  expect(new Set([ada.identity, ben.identity, stranger.identity]).size).toBe(3);
  expect(hub.rows('agent').map(({ name }) => name)).toEqual(expect.arrayContaining(['Ada', 'Ben']));
  expect(other.rows('agent').map(({ name }) => name)).toEqual(['Ada']);
  expect((await ada.findAgents({ capabilities: ['review'] })).map(({ name }) => name)).toEqual(['Ben']);
});

test('rows and sql read private tables', async () => {
  await using hub = await startHub();
  const ada = await hub.connect('Ada');
  await hub.connect('Ben');
  const { messageId } = await ada.sendMessage({ to: 'Ben', messageType: 'note', payload: { secret: 1 } });

  expect(hub.rows('message')).toMatchObject([{ id: messageId, type: 'note' }]);
  expect(hub.sql(`SELECT type FROM message WHERE id = '${messageId}'`)).toEqual([['note']]);
  expect(() => hub.rows('massage')).toThrow('the module has no table massage; it has: ');
});

test('a lease ends when the clock is moved, and the message is delivered again', async () => {
  await using hub = await startHub({ clock: 'still', startAt: new Date(Date.now() - 1000) });
  const began = hub.now;
  const sender = await hub.connect('Sender');
  const worker = await hub.connect('Worker');
  await sender.sendMessage({ to: 'Worker', messageType: 'job', payload: {} });
  expect(await worker.waitForMail({ timeoutMs: 5_000 })).toBe(true);
  const [first] = await worker.takeMail();
  hub.advance(120_000);
  expect(hub.now.getTime() - began.getTime()).toBe(120_000);

  expect(await worker.waitForMail({ timeoutMs: 5_000 })).toBe(true);
  const [second] = await worker.takeMail();
  expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
  await second?.ack();
  expect(hub.rows('ended')).toMatchObject([{ state: 'done' }]);
});

test('a running clock can be moved too', async () => {
  await using hub = await startHub();
  const sender = await hub.connect('Sender');
  const { messageId } = await sender.sendMessage({ to: 'Sender', messageType: 'old', payload: {}, ttlMs: 60_000 });
  hub.advance(61_000);
  expect(await sender.messageStatus(messageId)).toMatchObject([{ state: 'expired' }]);
  expect(() => hub.advance(-1)).toThrow('a clock is moved ahead');
});

test('a closed hub admits agents of connect, and no others', async () => {
  await using hub = await startHub({ admission: 'closed', limits: { keepMessagesMs: 60_000 } });
  await hub.connect('Guest');
  await expect(hub.connect('Stranger', { isAdmitted: false })).rejects.toMatchObject({
    code: 'connection/not-admitted',
  });
  expect((await hub.operator.status()).agents).toBe(1);
});

test('closing closes every client, and is idempotent', async () => {
  const hub = await startHub();
  const client = await hub.connect('Ada');
  await hub.close();
  await hub.close();
  expect(client.state).toBe('closed');
  await expect(fetch(hub.url)).rejects.toThrow();
  expect(() => hub.rows('agent')).toThrow('the hub is closed');
});

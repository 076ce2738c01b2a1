// A client that closes finishes what runs, and gives back the rest.

import type { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

/** Shorter than the grace of an agent without a connection (15 s): what comes within it was given back. */
const BEFORE_GRACE_MS = 5_000;

vi.setConfig({ testTimeout: 30_000 });

let hub: TestHub;
let boss: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  boss = await hub.join('Boss');
});

afterAll(() => hub[Symbol.asyncDispose]());

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

test('a running handler finishes and its answer arrives; no further one starts', async () => {
  const worker = await hub.join('Finisher');
  const begun = new Received<unknown>();
  const hold = gate();
  await worker.subscribeToMessages(
    'job',
    async ({ payload }) => {
      begun.add(payload);
      await hold.opened;
      return `done ${String(payload)}`;
    },
    { concurrency: 1 },
  );
  const job = { to: 'Finisher', messageType: 'job', timeout: 20 } as const;
  const first = boss.sendMessage({ ...job, payload: 1 });
  await begun.first();
  const second = await boss.sendMessage({ to: 'Finisher', messageType: 'job', payload: 2 });
  await expect.poll(() => boss.messageStatus(second.messageId)).toMatchObject([{ state: 'offered' }]);
  const closing = worker.close();
  hold.open();
  expect(await first).toMatchObject({ data: 'done 1' });
  await closing;
  expect(worker.state).toBe('closed');
  expect(begun.items).toEqual([1]);
});

test('a handler beyond `drainMs` is aborted, and another agent gets its message and those that wait', async () => {
  const slow = await hub.join('Slow', { capabilities: ['sorting'] });
  const begun = new Received<unknown>();
  const reasons = new Received<unknown>();
  await slow.subscribeToMessages(
    'sort',
    ({ payload }, { signal }) => {
      begun.add(payload);
      signal.addEventListener('abort', () => reasons.add((signal.reason as { code?: unknown }).code));
      return new Promise(() => undefined);
    },
    { concurrency: 1 },
  );
  const sort = { to: '@sorting', messageType: 'sort' } as const;
  for (const payload of [1, 2]) await boss.sendMessage({ ...sort, payload });
  await begun.first();
  const other = await hub.join('Other', { capabilities: ['sorting'] });
  const sorted = new Received<unknown>();
  await other.subscribeToMessages('sort', ({ payload }) => sorted.add(payload));
  await slow.close({ drainMs: 10 });
  expect(reasons.items).toEqual(['client/closed']);
  expect(begun.items).toEqual([1]);
  await expect.poll(() => [...sorted.items].sort(), { timeout: BEFORE_GRACE_MS }).toEqual([1, 2]);
});

test('a handler that returns because it was aborted does not finish its message', async () => {
  const worker = await hub.join('Aborted', {}, { tokenStore: undefined });
  const begun = gate();
  await worker.subscribeToMessages('job', (_message, { signal }) => {
    begun.open();
    return new Promise(resolve => signal.addEventListener('abort', () => resolve('aborted')));
  });
  const { messageId } = await boss.sendMessage({ to: 'Aborted', messageType: 'job', payload: 1 });
  await begun.opened;
  const { token } = worker;
  await worker.close({ drainMs: 10 });
  const again = await hub.join('Aborted', {}, { token });
  expect(await boss.messageStatus(messageId)).not.toMatchObject([{ state: 'done' }]);
  const jobs = new Received<string>();
  await again.subscribeToMessages('job', ({ id }) => jobs.add(id));
  await expect.poll(() => jobs.items, { timeout: 20_000 }).toEqual([messageId]);
});

test('`serve` finishes its handlers when the client is closed', async () => {
  const server = await hub.join('Server');
  const begun = gate();
  const hold = gate();
  const serving = server.serve({
    messages: {
      job: async () => {
        begun.open();
        await hold.opened;
        return 'served';
      },
    },
  });
  const answer = boss.sendMessage({ to: 'Server', messageType: 'job', payload: 1, timeout: 20 });
  await begun.opened;
  const closing = server.close();
  hold.open();
  expect(await answer).toMatchObject({ data: 'served' });
  await closing;
  expect(await serving).toMatchObject({ reason: 'closed', handled: 1 });
});

test('a second `close` without a wait ends that of the first', async () => {
  const patient = await hub.join('Patient');
  const begun = gate();
  await patient.subscribeToMessages('job', () => {
    begun.open();
    return new Promise(() => undefined);
  });
  await boss.sendMessage({ to: 'Patient', messageType: 'job', payload: 1 });
  await begun.opened;
  const closing = patient.close({ drainMs: 3_600_000 });
  await patient.close({ drainMs: 0 });
  await closing;
  expect(patient.state).toBe('closed');
});

// A work queue: exactly one holder, also when that process is killed.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

const WORKER = fileURLToPath(new URL('../support/held-worker.ts', import.meta.url));

let hub: TestHub;
let child: ChildProcess | undefined;

beforeAll(async () => {
  hub = await startTestHub();
});

afterEach(() => child?.kill('SIGKILL'));
afterAll(() => hub[Symbol.asyncDispose]());

describe('a work queue', () => {
  test('gives each message to exactly one capable agent, and answers come from its holder', async () => {
    const received = new Received<string>();
    for (const name of ['Left', 'Right']) {
      const worker = await hub.join(name, { capabilities: ['paint'], credit: 1 });
      await worker.subscribeToMessages('job', ({ payload }) => {
        received.add(`${name} ${String(payload)}`);
        return name;
      });
    }
    const boss = await hub.join('Boss');
    const numbers = Array.from({ length: 50 }, (_, n) => n);

    const answers = await Promise.all(
      numbers.map(payload => boss.sendMessage({ to: '@paint', messageType: 'job', payload, timeout: 10 })),
    );

    const done = received.items.map(each => Number(each.split(' ')[1])).sort((a, b) => a - b);
    expect(done).toEqual(numbers);
    expect(new Set(answers.map(({ from }) => from))).toEqual(new Set(['Left', 'Right']));
  });

  test('is unknown while no agent ever had the capability, and waits when none is online now', async () => {
    const boss = await hub.join('Optimist');
    const job = { messageType: 'job', payload: 1 };
    await expect(boss.sendMessage({ ...job, to: '@fly' })).rejects.toMatchObject({ code: 'message/unknown-recipient' });
    const away = await hub.join('Diver', { capabilities: ['dive'] });
    await away.close();
    const { messageId } = await boss.sendMessage({ ...job, to: '@dive' });
    expect(await boss.messageStatus(messageId)).toMatchObject([{ agent: '@dive', state: 'queued' }]);

    const received = new Received<string>();
    const diver = await hub.join('SecondDiver', { capabilities: ['dive'] });
    await diver.subscribeToMessages('job', ({ id }) => received.add(id));

    expect(await received.first()).toBe(messageId);
  });

  test('gives the deliveries of a killed worker to another', { timeout: 40_000 }, async () => {
    child = spawn(process.execPath, [WORKER, hub.url, hub.database, 'Doomed', 'haul'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    const boss = await hub.join('Shipper');
    const asking = boss.ask({ to: '@haul', messageType: 'job', payload: 'crate', timeout: 30 });
    expect((await lines.next()).value).toBe(asking.messageId);
    const other = await hub.join('Survivor', { capabilities: ['haul'] });
    await other.subscribeToMessages('job', ({ attempt }) => attempt);

    child.kill('SIGKILL');

    expect(await asking).toMatchObject({ status: 'success', from: 'Survivor', data: 2 });
    expect(await boss.messageStatus(asking.messageId)).toMatchObject([{ agent: 'Survivor', state: 'done' }]);
  });
});

// `agora dead …`: lists, redrives and purges dead letters, by number or by filters.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AgoraClient, IncomingMessage } from '@agora/client';
import { Received } from '../support/received.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { jsonLines, Shell, withPlaceholders } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

const SOON = { timeout: 20_000, interval: 200 };

let hub: TestHub;
let boss: Shell;
let sender: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  boss = new Shell({ server: hub.url, database: hub.database, token: hub.ownerToken });
  sender = await hub.join('Sender');
  sender.on('notice', () => undefined);
});

afterAll(async () => {
  boss[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

/** Creates dead letters of these types: their recipient unregisters. */
async function lose(recipient: string, ...types: string[]): Promise<void> {
  const lost = await hub.join(recipient);
  for (const messageType of types) await sender.sendMessage({ toAgent: recipient, messageType, payload: {} });
  await lost.unregisterAgent();
}

describe('agora dead', () => {
  test('lists dead letters with names, and those that match filters', async () => {
    await lose('Ghost', 'note', 'note', 'report.daily');
    const all = await boss.json('dead', 'list');
    expect(withPlaceholders(all[0])).toEqual({
      ...{ no: all[0]?.['no'], agent: expect.stringMatching(/^#\d+$/) as string, sender: 'Sender', messageId: '<id>' },
      ...{ type: 'note', reason: 'its agent was unregistered', at: '<time>' },
    });
    const [reports, usedUp, old, short] = await Promise.all([
      boss.json('dead', 'list', '--type', 'report.daily', '--sender', 'Sender'),
      boss.json('dead', 'list', '--reason', 'used up'),
      boss.json('dead', 'list', '--before', '1h'),
      boss.run('dead', 'list', '--limit', '2'),
    ]);
    expect(reports).toHaveLength(1);
    expect([usedUp, old]).toEqual([[], []]);
    expect(short.out.trimEnd().split('\n')).toHaveLength(3);
    expect(short.err).toContain('--limit 20');
  });

  test('purges by number, and reports the result of each', async () => {
    await lose('Phantom', 'one.of_two', 'one.of_two');
    const [first] = await boss.json('dead', 'list', '--type', 'one.of_two');
    const no = String(first?.['no']);
    expect(await boss.run('dead', 'purge', no)).toMatchObject({ code: 2, out: '' });
    const { code, out } = await boss.run('dead', 'purge', no, '999999', '--yes', '--json');
    expect(code).toBe(7);
    expect(jsonLines(out)).toEqual([
      { no, done: 'purged' },
      { no: '999999', error: { code: 'dead/unknown', message: expect.any(String) as string } },
    ]);
    expect(await boss.run('dead', 'redrive', '999999')).toMatchObject({ code: 6 });
  });

  test('redrives a dead letter to a recipient that can handle it again', async () => {
    const phoenix = await hub.join('Phoenix');
    const received = new Received<IncomingMessage>();
    let isBurning = true;
    // A broadcast that fails five times becomes a dead letter quickly.
    await phoenix.subscribeToMessages('try.again', message => {
      if (isBurning) throw new Error('not today');
      received.add(message);
    });
    await sender.broadcast({ messageType: 'try.again', payload: {} });
    await vi.waitFor(async () => expect(await boss.json('dead', 'list', '--agent', 'Phoenix')).toHaveLength(1), SOON);
    isBurning = false;
    const redriven = await boss.json('dead', 'redrive', '--agent', 'Phoenix', '--yes');
    expect(redriven).toEqual([{ found: 1, done: 'redriven' }]);
    expect(await received.first()).toMatchObject({ type: 'try.again', from: 'Sender' });
  });

  test('asks for confirmation on a terminal, and needs --yes without one', async () => {
    await lose('Spirit', 'many.things', 'many.things', 'many.things');
    const refused = await boss.run('dead', 'purge', '--type', 'many.things');
    expect(refused).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('3 dead letters? Confirm with --yes') as string,
    });

    const no = boss.startInTerminal(['dead', 'purge', '--type', 'many.things']);
    await no.untilPrinted('3 dead letters?');
    no.child.stdin?.write('n\r');
    expect((await no.ended).code).toBe(130);
    expect(await boss.json('dead', 'list', '--type', 'many.things')).toHaveLength(3);

    const yes = boss.startInTerminal(['dead', 'purge', '--type', 'many.things']);
    await yes.untilPrinted('3 dead letters?');
    yes.child.stdin?.write('y\r');
    expect((await yes.ended).code).toBe(0);
    await vi.waitFor(async () => expect(await boss.json('dead', 'list', '--type', 'many.things')).toEqual([]), SOON);
    expect(await boss.json('dead', 'purge', '--type', 'many.things')).toEqual([{ found: 0, done: 'purged' }]);
  });

  test('settles the own dead letters of a caller who is not an operator', async () => {
    using own = new Shell({ server: hub.url, database: hub.database, token: sender.token ?? '' });
    using stranger = new Shell({ server: hub.url, database: hub.database });
    await lose('Shade', 'mine.only', 'mine.only');
    expect(await stranger.json('dead', 'list')).toEqual([]);
    const { code, out } = await own.run('dead', 'purge', '--type', 'mine.only', '--yes', '--json');
    expect(code).toBe(0);
    expect(jsonLines(out)).toMatchObject([{ done: 'purged' }, { done: 'purged' }]);
  });

  test('refuses invalid flags', async () => {
    const ended = await Promise.all([
      boss.run('dead', 'redrive'),
      boss.run('dead', 'redrive', '1', '--all'),
      boss.run('dead', 'redrive', 'x'),
      boss.run('dead', 'list', '--before', 'yesterday-ish'),
      boss.run('dead', 'list', '--limit', '0'),
      boss.run('dead', 'list', '--sender', 'Sendr'),
    ]);
    expect(ended.map(each => each.code)).toEqual([2, 2, 2, 2, 2, 6]);
    expect(ended[5]?.err).toContain('did you mean "Sender"?');
  });
});

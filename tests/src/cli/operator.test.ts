// `agora operator …`: commands that show and control a hub.

import type { AgoraClient } from '@agora/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { jsonLines, Shell, withPlaceholders } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let boss: Shell;
let stranger: Shell;
let worker: AgoraClient;

beforeAll(async () => {
  hub = await startTestHub();
  boss = new Shell({ server: hub.url, database: hub.database, token: hub.ownerToken });
  stranger = new Shell({ server: hub.url, database: hub.database });
  worker = await hub.join('Worker', { capabilities: ['sums'] });
});

afterAll(async () => {
  boss[Symbol.dispose]();
  stranger[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

describe('agora operator', () => {
  test('shows the counters of the hub, its mailboxes, and any message', async () => {
    const asker = await hub.join('Asker');
    const { messageId } = await asker.sendMessage({
      toAgent: 'Worker',
      messageType: 'note',
      payload: { text: 'hello' },
    });
    const [status, boxes, busy, message] = await Promise.all([
      boss.json('operator', 'status'),
      boss.json('operator', 'mailboxes'),
      boss.json('operator', 'mailboxes', '--busy'),
      boss.json('operator', 'message', messageId),
    ]);
    expect(status).toMatchObject([
      { agents: 2, online: 2, messages: 1, offered: 1, dead: 0, storedBytes: expect.any(Number) as number },
    ]);
    expect(boxes.map(box => box['name'])).toEqual(['Worker', 'Asker', '@sums']);
    expect(busy).toEqual([{ name: 'Worker', isOnline: true, held: 1, waiting: 0, credit: 32 }]);
    expect(withPlaceholders(message)).toMatchObject([
      {
        ...{
          id: '<id>',
          from: 'Asker',
          to: 'Worker',
          type: 'note',
          payload: { text: 'hello' },
          kind: 'message',
          broadcast: 0,
        },
        deliveries: [{ agent: 'Worker', state: 'offered', attempt: 1, at: '<time>', reason: '' }],
      },
    ]);
    const people = await boss.run('operator', 'message', messageId);
    expect(people.out).toMatch(/"text": "hello"[\s\S]*Worker +offered +1/);
  });

  test('refreshes the counters with --watch until Ctrl-C', async () => {
    const watching = boss.start(['operator', 'status', '--watch', '--json']);
    await watching.untilPrinted(/("agents"[\s\S]*){2}/);
    watching.child.kill('SIGINT');
    const { code, out } = await watching.ended;
    expect(code).toBe(130);
    for (const line of jsonLines(out)) expect(line).toMatchObject({ agents: 2 });
    const drawn = boss.startInTerminal(['operator', 'status', '--watch']);
    await drawn.untilPrinted('stored');
    drawn.child.stdin?.write('\u0003');
    expect((await drawn.ended).code).toBe(130);
  });

  test('shows and sets the limits of an agent, of everyone, and of the hub', async () => {
    const set = await boss.json('operator', 'quota', 'Worker', '--rate', '10', '--burst', '20');
    expect(set).toMatchObject([{ agent: 'Worker', rate: 10, burst: 20 }]);
    expect(await boss.json('operator', 'quota', 'Worker', '--clear')).toMatchObject([
      { agent: 'Worker', rate: 50_000 },
    ]);
    expect(await boss.json('operator', 'quota', '--everyone', '--inbox-length', '5000')).toEqual([
      { everyone: true, inboxLength: 5000 },
    ]);
    const shown = await boss.run('operator', 'quota', 'Worker');
    expect(shown.out).toMatch(/inbox +1 of 5000/);
    expect(await boss.json('operator', 'quota', '--everyone', '--clear')).toEqual([{ everyone: true, cleared: true }]);
    const limits = await boss.json('operator', 'limits', '--stored-bytes', '2GiB', '--keep-messages', '48h');
    expect(limits).toEqual([{ storedBytes: 2 ** 31, keepMessagesMs: 48 * 3_600_000 }]);
    const [storage] = await boss.json('operator', 'limits');
    expect(storage).toEqual({ storedBytes: expect.any(Number) as number, storedBytesLimit: 2 ** 31 });
    const faulty = await boss.run(
      'operator',
      'limits',
      '--keep-messages',
      '1s',
      '--keep-events',
      '400000d',
      '--stored-bytes',
      '0',
    );
    expect(faulty).toMatchObject({ code: 2, out: '' });
    expect(faulty.err).toContain(
      '--stored-bytes: more than 0 bytes; --keep-messages: a time from 1m to 3660d; --keep-events',
    );
    const tooLow = await boss.run('operator', 'limits', '--stored-bytes', '1');
    expect(tooLow).toMatchObject({ code: 2, err: expect.stringContaining('it refuses each message') as string });
  });

  test('grants and revokes the operator role of the owner of an agent', async () => {
    const { identity = '' } = worker;
    expect(await boss.json('operator', 'grant', 'Worker')).toEqual([{ identity, done: 'granted' }]);
    const list = await boss.json('operator', 'list');
    expect(list).toMatchObject([{ isYou: true }, { identity, isYou: false, agents: ['Worker'] }]);
    const unconfirmed = await boss.run('operator', 'revoke', identity);
    expect(unconfirmed).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
    expect(await boss.json('operator', 'revoke', identity, '--yes')).toEqual([{ identity, done: 'revoked' }]);
    const own = String(list[0]?.['identity']);
    expect((await boss.run('operator', 'revoke', own)).err).toContain('your own rights');
    const last = await boss.run('operator', 'revoke', own, '--yes');
    expect(last).toMatchObject({ code: 1, err: expect.stringContaining('operator/last') as string });
  });

  test('closes the hub to identities that are not admitted, and opens it', async () => {
    const { identity = '' } = worker;
    expect(await boss.json('operator', 'admit', 'Worker', '--note', 'one of us')).toEqual([
      { identity, done: 'admitted' },
    ]);
    const [admission] = await boss.json('operator', 'admission', 'closed');
    expect(admission).toMatchObject({ mode: 'closed', rules: [{ identity, note: 'one of us' }] });
    expect((await stranger.run('operator', 'admission')).code).toBe(5);
    const [{ rule = 0 } = {}] = (admission?.['rules'] ?? []) as { rule: number }[];
    expect(await boss.json('operator', 'expel', String(rule))).toEqual([{ rule, done: 'expelled' }]);
    expect((await boss.run('operator', 'expel', String(rule))).code).toBe(6);
    expect(await boss.json('operator', 'admission', 'open')).toMatchObject([{ mode: 'open', rules: [] }]);
    const issued = await boss.json('operator', 'admit', '--issuer', 'https://id.example', '--audience', 'agora');
    expect(issued).toEqual([{ issuer: 'https://id.example', audience: 'agora', done: 'admitted' }]);
  });

  test('unregisters an agent only after a confirmation', async () => {
    await hub.join('Doomed');
    const unconfirmed = await boss.run('operator', 'unregister', 'Doomed');
    expect(unconfirmed).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
    expect(await boss.json('operator', 'unregister', 'Doomed', '--yes')).toEqual([
      { agent: 'Doomed', done: 'unregistered' },
    ]);
    expect((await boss.run('operator', 'unregister', 'Doomed', '--yes')).code).toBe(6);
  });

  test('refuses callers who are not operators, and invalid flags', async () => {
    const forbidden = await Promise.all([
      stranger.run('operator', 'status', '--json'),
      stranger.run('operator', 'mailboxes'),
      stranger.run('operator', 'quota', 'Worker', '--rate', '1'),
      stranger.run('operator', 'grant', 'Worker'),
    ]);
    expect(forbidden.map(({ code, out }) => ({ code, out }))).toEqual(forbidden.map(() => ({ code: 5, out: '' })));
    expect(jsonLines(forbidden[0]?.err ?? '')).toMatchObject([{ error: { code: 'operator/required' } }]);
    const wrong = await Promise.all([
      boss.run('operator', 'quota'),
      boss.run('operator', 'quota', 'Worker', '--rate', '0'),
      boss.run('operator', 'quota', 'Worker', '--rate', '1', '--clear'),
      boss.run('operator', 'limits', '--stored-bytes', 'plenty'),
      boss.run('operator', 'admission', 'ajar'),
      boss.run('operator', 'admit'),
      boss.run('operator', 'admit', '--issuer', 'https://id.example'),
    ]);
    expect(wrong.map(({ code, out }) => ({ code, out }))).toEqual(wrong.map(() => ({ code: 2, out: '' })));
    const unknown = await Promise.all([
      boss.run('operator', 'quota', 'Workr'),
      boss.run('operator', 'message', '01900000-0000-7000-8000-000000000000'),
    ]);
    expect(unknown.map(({ code }) => code)).toEqual([6, 6]);
    expect(unknown[0].err).toContain('did you mean "Worker"?');
  });
});

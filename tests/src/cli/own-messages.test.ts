// What an agent does about its own messages and groups: history, message, cancel, forward, group, set-status, whoami, usage.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Shell, withPlaceholders } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let shell: Shell;
beforeAll(async () => {
  hub = await startTestHub();
  shell = new Shell({ server: hub.url, database: hub.database });
  for (const name of ['Ada', 'Bob']) await shell.run('register', name);
});
afterAll(async () => {
  shell[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

async function send(to: string, ...words: string[]): Promise<string> {
  const [sent] = await shell.json('send', to, ...words, '--as', 'Ada');
  return String(sent?.['messageId']);
}

describe('a sent message', () => {
  test('is in the history of both, and shows its state at each recipient', async () => {
    const id = await send('Bob', 'a note');
    await shell.json('inbox', '--as', 'Bob', '--take');
    const [sent] = await shell.json('history', '--as', 'Ada', '--sent');
    expect(withPlaceholders(sent)).toEqual({
      ...{ direction: 'sent', id: '<id>', type: 'message', from: 'Ada', to: ['Bob'], priority: 2, headers: {} },
      ...{ sentAt: '<time>', payload: { text: 'a note' } },
    });
    expect(await shell.json('history', '--as', 'Bob')).toMatchObject([{ direction: 'received', id, state: 'done' }]);
    expect(await shell.json('message', id, '--as', 'Ada')).toMatchObject([
      { id, payload: { text: 'a note' }, deliveries: [{ agent: 'Bob', state: 'done', attempt: 1 }] },
    ]);
    const [received] = await shell.json('message', id, '--as', 'Bob');
    expect(received).not.toHaveProperty('deliveries');
    expect((await shell.run('message', '01900000-0000-7000-8000-000000000000', '--as', 'Ada')).code).not.toBe(0);
  });

  test('is cancelled before it is delivered, and forwarded with its origin', async () => {
    const id = await send('Bob', 'too early', '--delay', '1h');
    expect(await shell.json('cancel', id, 'no longer needed', '--as', 'Ada')).toEqual([
      { messageId: id, done: 'cancelled' },
    ]);
    const [{ deliveries } = {}] = await shell.json('message', id, '--as', 'Ada');
    expect(deliveries).toMatchObject([{ state: 'cancelled', reason: 'no longer needed' }]);
    const other = await send('Bob', 'for your manager');
    await shell.run('register', 'Manager');
    await shell.json('forward', other, 'Manager', '--as', 'Bob');
    expect(await shell.json('inbox', '--as', 'Manager')).toMatchObject([
      { from: 'Bob', payload: { text: 'for your manager' }, forwarded: [{ id: other, from: 'Ada' }] },
    ]);
  });
});

describe('an agent', () => {
  test('joins a group, gets its messages, and leaves it', async () => {
    await shell.json('group', 'join', 'release', '--as', 'Bob');
    await shell.json('group', 'join', '#release', '--as', 'Ada');
    expect(await shell.json('group', 'list', '--as', 'Bob')).toEqual([{ name: '#release', members: 2 }]);
    const members = await shell.json('group', 'members', 'release', '--as', 'Bob');
    expect(members.map(each => each['name']).sort()).toEqual(['Ada', 'Bob']);
    const id = await send('#release', 'to all of us');
    expect((await shell.json('inbox', '--as', 'Bob')).map(each => each['id'])).toContain(id);
    await shell.json('group', 'leave', 'release', '--as', 'Bob');
    expect(await shell.json('group', 'list', '--as', 'Bob')).toEqual([]);
  });

  test('sets its status, and shows its usage and identity', async () => {
    expect(await shell.json('set-status', 'away', '--as', 'Bob')).toEqual([{ name: 'Bob', status: 'away' }]);
    expect(await shell.json('agents', '--name', 'Bob')).toMatchObject([{ status: 'away' }]);
    expect((await shell.run('set-status', 'asleep', '--as', 'Bob')).code).toBe(2);
    expect(await shell.json('usage', '--as', 'Ada')).toMatchObject([{ agent: 'Ada', storedBytesLimit: 4 * 2 ** 30 }]);
    const [me] = await shell.json('whoami', '--as', 'Ada');
    expect(me).toMatchObject({ actsAs: 'Ada', token: 'stored', server: hub.url });
    expect(me?.['agents']).toEqual(expect.arrayContaining(['Ada', 'Bob']));
  });

  test('keeps what a later registration does not name, and is replaced with --reset', async () => {
    const metadata = ['--metadata', '{"v":1}'];
    await shell.json('register', 'Counter', '--type', 'specialist', '--capability', 'counting', ...metadata);
    const kept = { agentType: 'specialist', capabilities: ['counting'], metadata: { v: 1 } };
    expect(await shell.json('register', 'Counter')).toMatchObject([kept]);
    expect(await shell.json('register', 'Counter', '--capability', 'adding')).toMatchObject([
      { ...kept, capabilities: ['adding'] },
    ]);
    expect(await shell.json('register', 'Counter', '--reset')).toMatchObject([
      { agentType: 'worker', capabilities: [], metadata: {} },
    ]);
  });

  test('with open messages is unregistered only after a confirmation', async () => {
    await shell.run('register', 'Leaver');
    await send('Leaver', 'open');
    const unconfirmed = await shell.run('unregister', 'Leaver');
    expect(unconfirmed).toMatchObject({ code: 2, err: expect.stringContaining('1 open messages') as string });
    expect((await shell.run('unregister', 'Leaver', '--yes')).code).toBe(0);
  });
});

describe('an asker', () => {
  test('is notified that no agent can answer now, and of a missing handler at the end', async () => {
    const offline = await shell.run('ask', 'Bob', 'are you there?', '--timeout', '300ms');
    expect(offline).toMatchObject({
      code: 4,
      err: expect.stringContaining('Bob is offline; the question waits') as string,
    });
    const nobody = await shell.run('ask', '@nothing', 'x', '--timeout', '300ms');
    expect(nobody.err).toContain('No agent with the capability nothing is online');
    await hub.join('Summarizer');
    const deaf = await shell.run('ask', 'Summarizer', 'x', '--timeout', '300ms');
    expect(deaf.err).toContain('it may have no handler for the type "message"');
  });
});

describe('output on a pipe', () => {
  test('is not cut, and its dates are in ISO 8601', async () => {
    const needle = `${'long '.repeat(200)}needle`;
    await send('Bob', needle);
    await shell.run('publish-event', 'found.it', needle);
    const printed = await Promise.all([
      shell.run('inbox', '--as', 'Bob'),
      shell.run('history', '--as', 'Ada', '--limit', '1'),
      shell.run('events', 'found.it', '--since', '1h'),
    ]);
    for (const { out } of printed) {
      expect(out).toContain('needle');
      expect(out).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/);
    }
  });

  test('of events has the last ones of a time', async () => {
    for (const n of [1, 2, 3]) await shell.run('publish-event', 'counted', '--payload', JSON.stringify({ n }));
    const last = await shell.json('events', 'counted', '--since', '1h', '--last', '2');
    expect(last.map(each => each['data'])).toEqual([{ n: 2 }, { n: 3 }]);
  });
});

describe('the command line', () => {
  test('helps by `help COMMAND`, and hints at quotes for a text of several words', async () => {
    expect((await shell.run('help', 'send')).out).toBe((await shell.run('send', '--help')).out);
    const words = await shell.run('send', 'Bob', 'hello', 'my', 'friend');
    expect(words.err).toMatch(/friend\. A text of several words needs quotes: 'several words'\.\n$/);
  });

  test('waits for a hub with --wait-for-hub', async () => {
    const startedAt = performance.now();
    const waited = await shell.run('status', '--server', 'http://127.0.0.1:9', '--wait-for-hub', '1500ms');
    expect(waited.code).toBe(3);
    expect(performance.now() - startedAt).toBeGreaterThan(1_500);
    expect((await shell.run('status', '--wait-for-hub', '20s')).code).toBe(0);
    expect((await shell.run('status', '--wait-for-hub', 'soon')).code).toBe(2);
  });

  test('installs its manual page and the completion of a shell', async () => {
    const home = join(shell.folder, 'installed');
    const { code, out } = await shell.bash(`XDG_DATA_HOME=${home} agora man --install --shell bash`);
    expect([code, out.trim().split('\n')]).toEqual([
      0,
      [join(home, 'man/man1/agora.1'), join(home, 'bash-completion/completions/agora')],
    ]);
    expect(existsSync(join(home, 'bash-completion/completions/agora'))).toBe(true);
    const page = readFileSync(join(home, 'man/man1/agora.1'), 'utf8');
    expect(page).toContain('.SS agora send <to> [text]');
    expect(page).toContain('.B \\-\\-wait\\-for\\-hub <time>');
    expect(page).not.toContain('__complete');
  });
});

// `agora up`, which `npm start` runs: a hub as a process, from its greeting to its end.

import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Shell, withPlaceholders } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let shell: Shell;
beforeEach(() => void (shell = new Shell()));
afterEach(() => shell[Symbol.dispose]());

/** Starts a hub with output for people; returns its address. */
async function greeted(...flags: string[]) {
  const hub = shell.start(['up', '--port', '0', ...flags]);
  await hub.untilPrinted('Ctrl-C');
  return { hub, url: /http:\S+/.exec(hub.out)?.[0] ?? '' };
}

/** The processes of a process that run a module. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.filter(child => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('--permission'));
}

describe('agora up', () => {
  test('shows its address and data folder, keeps its data, and ends with 0 at Ctrl-C', async () => {
    const identities = new Set<unknown>();
    for (let run = 0; run < 2; run++) {
      const { hub, url } = await greeted('--data-dir', 'data');
      expect(hub.out).toContain(join(shell.folder, 'data'));
      // The user is an operator, under the identity that is stored for the address.
      const [status] = await shell.json('status', '--server', url);
      expect(status).toMatchObject({ isOperator: true, agents: 0 });
      const owner = readFileSync(join(shell.folder, 'data/keys/owner-token'), 'utf8').trim();
      const [asOwner] = await shell.json('status', '--server', url, '--token', owner);
      identities.add(asOwner?.['identity']);
      hub.child.kill('SIGINT');
      const { code, err } = await hub.ended;
      expect({ code, err }).toEqual({ code: 0, err: 'Stopping …\nStopped.\n' });
    }
    expect(identities.size).toBe(1);
  });

  test('prints one line for programs, and removes the stored token of a hub in memory', async () => {
    const hub = shell.start(['up', '--port', '0', '--in-memory', '--json']);
    await hub.untilPrinted('\n');
    const { url, pid, ...line } = JSON.parse(hub.out) as { url: string; pid: number };
    expect(withPlaceholders(line)).toEqual({ database: 'agora', dataDir: null, identity: '<identity>' });
    expect(pid).toBe(hub.child.pid);
    const kept = join(shell.folder, 'home/tokens/http', encodeURIComponent(new URL(url).host), 'agora');
    expect(existsSync(kept)).toBe(true);
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toMatchObject({ code: 0, err: '' });
    expect(existsSync(kept)).toBe(false);
  });

  test('runs the module in a process with --isolate; the hub survives its end, and nothing is lost', async () => {
    const { hub, url } = await greeted('--data-dir', 'data', '--isolate');
    const [child, ...others] = childrenOf(hub.child.pid ?? 0);
    expect(others).toEqual([]);
    await shell.run('register', 'Ada', '--server', url);
    await shell.run('register', 'Ben', '--server', url);
    await shell.run('send', 'Ben', 'before', '--as', 'Ada', '--server', url);

    process.kill(child ?? 0, 'SIGKILL');

    await shell.run('send', 'Ben', 'after', '--as', 'Ada', '--server', url);
    const inbox = await shell.json('inbox', '--as', 'Ben', '--server', url);
    expect(inbox.map(({ payload }) => payload)).toEqual([{ text: 'before' }, { text: 'after' }]);
    const [fresh] = childrenOf(hub.child.pid ?? 0);
    expect(fresh).not.toBe(child);
    hub.child.kill('SIGTERM');
    expect(await hub.ended).toMatchObject({ code: 0 });
  });

  test('serves the dashboard, which `agora open` opens with a code that works once', async () => {
    const { url } = await greeted('--in-memory');
    const page = await fetch(`${url}/`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const [opened] = await shell.json('open', '--server', url);
    const address = String(opened?.['url']);
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#sign-in=[\w-]{32}$/);
    const exchange = async () => {
      const answer = await fetch(`${url}/sign-in`, { method: 'POST', body: address.split('=')[1] ?? '' });
      return (await answer.json()) as { token?: string; code?: string };
    };
    const [status] = await shell.json('status', '--server', url, '--token', (await exchange()).token ?? '');
    expect(status).toMatchObject({ isOperator: true });
    expect(await exchange()).toEqual({ code: 'sign-in/code-ended' });
    // Without a browser the address is printed.
    const printed = await shell.run('open', '--server', url, '--print');
    expect(printed.out).toMatch(/^http:\S+#sign-in=\S+\n$/);

    const { url: bare } = await greeted('--in-memory', '--no-dashboard');
    expect((await fetch(`${bare}/`)).status).toBe(404);
    expect(await shell.run('open', '--server', bare, '--print')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^error The hub at \S+ serves no dashboard;.*\n$/) as string,
    });
  });

  test('refuses invalid options in one sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    writeFileSync(join(shell.folder, 'a-file'), '');
    const refused: [string[], number, RegExp][] = [
      [['--port', String(port), '--in-memory'], 1, /^error Port \d+ on 127.0.0.1 is in use;.*--port\.\n$/],
      [
        ['--host', '203.0.113.1', '--port', '0', '--in-memory', '--open'],
        1,
        /^error The hub cannot listen on 203\.0\.113\.1.*\n$/,
      ],
      [['--port', '0', '--data-dir', 'a-file/data'], 1, /^error The data folder .* cannot be written.*\n$/],
      [['--port', '0', '--data-dir', '/proc/agora/data'], 1, /^error The data folder .* cannot be written.*\n$/],
      [['--prot', '4000'], 2, /^error Unknown option '--prot'\. \(Did you mean --port\?\)\n$/],
      [['--port', '65536'], 2, /^error --port: a whole number from 0 to 65535\.\n$/],
      [['--in-memory', '--data-dir', 'x'], 2, /^error --data-dir and --in-memory exclude each other;.*\n$/],
      [
        ['--host', '0.0.0.0', '--in-memory'],
        2,
        /^error Every program that reaches 0\.0\.0\.0 .* --open allows it\.\n$/,
      ],
      [['--host', '0.0.0.0', '--data-dir', 'data'], 2, /^error Every program that reaches 0\.0\.0\.0 .*\n$/],
      [['--open', '--closed'], 2, /^error --open and --closed exclude each other;.*\n$/],
      [['--allow-publish', 'all'], 2, /^error --allow-publish: local, anyone\.\n$/],
      [['--allow-origin', 'app.example'], 2, /^error --allow-origin: an origin such as .*\n$/],
      [['extra'], 2, /^error Too many arguments.*\n$/],
    ];
    const ended = await Promise.all(refused.map(([flags]) => shell.run('up', ...flags)));
    for (const [at, [flags, code, sentence]] of refused.entries()) {
      expect([flags, ended[at]]).toEqual([flags, { code, out: '', err: expect.stringMatching(sentence) as string }]);
    }
    other.close();
  });

  test('serves a closed hub to other machines, and an open one by --open', async () => {
    const address = ['--host', '0.0.0.0', '--data-dir', 'data'];
    const admission = async (...flags: string[]) => {
      const { hub, url } = await greeted(...address, ...flags);
      const [{ mode } = {}] = await shell.json('operator', 'admission', '--server', url);
      hub.child.kill('SIGINT');
      expect((await hub.ended).code).toBe(0);
      return mode;
    };
    expect(await admission('--open')).toBe('open');
    expect(await admission('--closed')).toBe('closed');
    expect(await admission()).toBe('closed');
  });

  test('answers pages of an allowed origin only, and warns of other publishers', async () => {
    const { hub, url } = await greeted('--in-memory', '--allow-origin', 'http://a.test', '--allow-publish', 'local');
    const ask = async (origin: string) => (await fetch(`${url}/v1/ping`, { headers: { origin } })).status;
    expect([await ask('http://a.test'), await ask('http://b.test')]).toEqual([200, 403]);
    hub.child.kill('SIGINT');
    expect((await hub.ended).err).toMatch(/^warning: every program on this machine may publish modules/);
  });

  test('refuses a data folder that another hub uses', async () => {
    const { hub } = await greeted('--data-dir', 'data');
    const second = await shell.run('up', '--port', '0', '--data-dir', 'data', '--json');
    expect(second.code).toBe(1);
    expect(JSON.parse(second.err)).toEqual({
      error: {
        code: 'cli/hub-failed',
        message: expect.stringMatching(/^The data folder .* is in use by another process/) as string,
      },
    });
    hub.child.kill('SIGTERM');
    expect((await hub.ended).code).toBe(0);
  });
});

// Behaviour of all commands: help, settings, errors, pipes, terminals; and `status`, `doctor`, `completion`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { jsonLines, Shell, withPlaceholders } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let shell: Shell;
beforeAll(async () => {
  hub = await startTestHub();
  shell = new Shell({ server: hub.url, database: hub.database });
});
afterAll(async () => {
  shell[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

describe('the command line', () => {
  test('shows help, and reports what is wrong with a command line', async () => {
    const [help, ofOne, version, nothing, unknown, group] = await Promise.all([
      shell.run('--help'),
      shell.run('send', '--help'),
      shell.run('--version'),
      shell.run(),
      shell.run('sned', 'Bob'),
      shell.run('workflow'),
    ]);
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const name of ['up', 'send', 'ask', 'listen', 'wait', 'inbox', 'agents', 'events', 'workflow', 'doctor']) {
      expect(help.out).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
    }
    expect(help.out).not.toContain('__complete');
    expect(ofOne.out).toContain('--priority <level>');
    expect(ofOne.out).toContain('Examples:\n  agora send Reviewer');
    expect(version).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
    expect(nothing).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Usage: agora') as string });
    expect(unknown).toEqual({ code: 2, out: '', err: "error Unknown command 'sned'. (Did you mean send?)\n" });
    expect(group).toMatchObject({ code: 2, err: expect.stringContaining('Usage: agora workflow') as string });
  });

  test('reads its settings from flags, the environment, the folder and the user, in this order', async () => {
    const folder = join(shell.folder, 'home');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ agent: 'FromConfig', token: hub.ownerToken }));
    const plain = new Shell();
    try {
      writeFileSync(join(plain.folder, 'agora.json'), JSON.stringify({ server: hub.url, database: hub.database }));
      const [fromFile] = await plain.json('status');
      expect(fromFile).toMatchObject({ server: hub.url, database: hub.database, isOperator: false });
      const refused = await plain.run('status', '--server', 'http://127.0.0.1:9', '--json');
      expect(refused).toMatchObject({
        code: 3,
        out: '',
        err: expect.stringContaining('"connection/refused"') as string,
      });
    } finally {
      plain[Symbol.dispose]();
    }
    // Global flags are valid before and after the command.
    const [asOwner] = jsonLines((await shell.run('--json', 'status')).out);
    expect(asOwner).toMatchObject({ isOperator: true });
    const [stranger] = await shell.json('status', '--config', '/dev/null').catch((error: Error) => [error.message]);
    expect(stranger).toMatch(/ended with 2: .*cli\/bad-config.*is not JSON/);
    expect((await shell.run('send', 'X', 'y', '--json')).err).toContain('no agent \\"FromConfig\\"');
    writeFileSync(join(folder, 'config.json'), '{}');
  });

  test('ends quietly when a reader closes the pipe, and uses colours only on a terminal', async () => {
    await shell.run('register', 'Coloured');
    const piped = await shell.bash('agora events --since 0 --json | head -n 1; echo "${PIPESTATUS[*]}"');
    expect(piped).toMatchObject({ code: 0, err: '' });
    expect(piped.out.split('\n').slice(1)).toEqual(['0 0', '']);
    const terminal = shell.startInTerminal(['agents', '--name', 'Coloured']);
    expect((await terminal.ended).out).toContain('\u001b[1mNAME\u001b[22m');
    const plain = shell.startInTerminal(['agents', '--name', 'Coloured', '--no-color']);
    expect((await plain.ended).out).not.toContain('\u001b');
  });

  test('reports a token that is not accepted, and a missing database', async () => {
    const [token, database] = await Promise.all([
      shell.run('status', '--token', 'nonsense', '--json'),
      shell.run('status', '--database', 'nothing-here', '--json'),
    ]);
    expect(token).toMatchObject({ code: 5, out: '', err: expect.stringContaining('"connection/bad-token"') as string });
    expect(database).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('"connection/no-database"') as string,
    });
  });
});

describe('agora status', () => {
  test('shows the identity of the caller, and the counters of the hub to operators', async () => {
    const [[status], [asOwner]] = await Promise.all([
      shell.json('status'),
      shell.json('status', '--token', hub.ownerToken),
    ]);
    const { connectMs, agents, online, ...rest } = status ?? {};
    expect([typeof connectMs, typeof agents, typeof online]).toEqual(['number', 'number', 'number']);
    expect(withPlaceholders(rest)).toEqual({
      server: hub.url,
      database: hub.database,
      identity: '<identity>',
      isOperator: false,
    });
    expect(asOwner).toMatchObject({ isOperator: true, hub: { agents, dead: 0 } });
    expect((await shell.run('status')).out).toMatch(
      /^● http.*\n {2}you {7}[0-9a-f]{64}\n {2}agents {4}\d+, \d+ online\n$/,
    );
  });
});

describe('agora doctor', () => {
  const verdicts = (out: string): Record<string, unknown> =>
    Object.fromEntries(jsonLines(out).map(({ check, verdict }) => [String(check), verdict]));

  test('finds no faults in a working set-up', async () => {
    const { code, out } = await shell.run('doctor', '--json');
    expect(code).toBe(0);
    expect(verdicts(out)).toEqual({
      node: 'ok',
      settings: 'ok',
      tokens: 'ok',
      data: 'ok',
      server: 'ok',
      clock: 'ok',
      database: 'ok',
      module: 'ok',
      identity: 'ok',
      mcp: 'skipped',
    });
    expect((await shell.run('doctor')).err).toBe('No faults.\n');
  });

  test('finds each fault, and shows how to fix it', async () => {
    await hub.join('Taken');
    // A server that is not SpacetimeDB; its clock is a day ahead.
    const wrong = createServer((_, response) => {
      response.setHeader('date', new Date(Date.now() + 86_400_000).toUTCString());
      response.statusCode = 404;
      response.end('nothing here');
    }).listen(0, '127.0.0.1');
    await new Promise(resolve => wrong.once('listening', resolve));
    const { port } = wrong.address() as AddressInfo; // it listens on TCP
    const cases: [string[], Record<string, string>, RegExp][] = [
      [
        ['--server', 'http://127.0.0.1:9'],
        { server: 'fault', database: 'skipped' },
        /Start a hub: agora up --port 9\./,
      ],
      [['--server', `http://127.0.0.1:${port}`], { server: 'fault' }, /it is not SpacetimeDB/],
      [
        ['--database', 'nothing-here'],
        { server: 'ok', database: 'fault', identity: 'skipped' },
        /spacetime publish nothing-here/,
      ],
      [['--token', 'nonsense'], { module: 'ok', identity: 'fault' }, /Give another token \(flag\)/],
      [['--as', 'Taken'], { identity: 'ok', agent: 'fault' }, /belongs to another identity/],
    ];
    const ended = await Promise.all(cases.map(([flags]) => shell.run('doctor', '--json', ...flags)));
    wrong.close();
    for (const [at, [flags, found, sentence]] of cases.entries()) {
      expect([flags, ended[at]?.code]).toEqual([flags, 1]);
      expect([flags, verdicts(ended[at]?.out ?? '')]).toEqual([flags, expect.objectContaining(found)]);
      expect(ended[at]?.out).toMatch(sentence);
    }
    const warned = await shell.run('doctor', '--as', 'Newcomer', '--json');
    expect([warned.code, verdicts(warned.out)['agent']]).toEqual([0, 'warning']);
  });
});

describe('agora completion', () => {
  test('completes commands, flags, words and the names of agents in bash', async () => {
    await shell.run('register', 'Completed', '--capability', 'completing');
    const line = `
      eval "$(agora completion bash)"
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _agora; echo "\${COMPREPLY[*]}"; }
      try agora li
      try agora ask Comp
      try agora ask @ comp
      try agora send Completed --prio
      try agora agents --presence of`;
    expect(await shell.bash(line)).toEqual({
      code: 0,
      out: 'listen\nCompleted\ncompleting\n--priority\noffline\n',
      err: '',
    });
    const { code, err } = await shell.run('completion', 'tcsh');
    expect([code, err]).toEqual([2, 'error <shell>: bash, zsh, fish.\n']);
  });
});

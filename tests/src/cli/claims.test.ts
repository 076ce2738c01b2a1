// `agora claim`, `claims`, `release` and `claim guard`, in two clones of one Git repository.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Shell } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let hub: TestHub;
let ada: Shell;
let bo: Shell;

beforeAll(async () => {
  hub = await startTestHub();
  // One identity per shell, and one agent each.
  [ada, bo] = ['Ada', 'Bo'].map(agent => new Shell({ server: hub.url, database: hub.database, agent })) as [
    Shell,
    Shell,
  ];
  for (const [shell, name] of [
    [ada, 'Ada'],
    [bo, 'Bo'],
  ] as const) {
    expect((await shell.run('register', name)).code).toBe(0);
    repository(shell);
  }
});

afterAll(async () => {
  ada[Symbol.dispose]();
  bo[Symbol.dispose]();
  await hub[Symbol.asyncDispose]();
});

function gitIn(shell: Shell, ...words: string[]): void {
  execFileSync('git', words, { cwd: shell.folder, stdio: 'ignore' });
}

/** Makes the folder of a shell a clone of the project `docs-site`. */
function repository(shell: Shell): void {
  gitIn(shell, 'init', '-b', 'main');
  gitIn(shell, 'config', 'user.email', 'agent@example.com');
  gitIn(shell, 'config', 'user.name', 'Agent');
  gitIn(shell, 'remote', 'add', 'origin', 'https://git.example/team/docs-site.git');
  mkdirSync(join(shell.folder, 'src'));
}

describe('agora claim', () => {
  test('runs a command while it holds the paths, with the number in its environment, and passes its exit code on', async () => {
    const print =
      'process.stdout.write(process.env.AGORA_CLAIM_NUMBER + " " + process.env.AGORA_AGENT); process.exit(7)';
    const { code, out } = await ada.run('claim', 'src/', '--note', 'a fix', '--', process.execPath, '-e', print);
    expect(out).toMatch(/^\d+ Ada$/);
    expect(code).toBe(7);
    expect(await ada.json('claims')).toEqual([]);
  });

  test('is refused while another agent holds the paths, and waits with --timeout', async () => {
    const held = ada.start(
      ['claim', 'src/', '--', process.execPath, '-e', 'console.log("held"); process.stdin.resume()'],
      {
        isOpen: true,
      },
    );
    await held.untilPrinted('held');
    const refused = await bo.run('claim', 'src/a.ts', '--', 'true');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('docs-site/src/** is held by "Ada"') as string,
    });
    const waiting = bo.start([
      'claim',
      'src/a.ts',
      '--timeout',
      '30s',
      '--',
      process.execPath,
      '-e',
      'console.log("mine")',
    ]);
    held.child.stdin?.end();
    expect((await waiting.ended).out).toContain('mine');
    expect((await held.ended).code).toBe(0);
  });

  test('without a command holds for a time, until `agora release`', async () => {
    const [claim] = await ada.json('claim', 'src/', '--name', 'deploy', '--for', '5m');
    expect(await bo.json('claims', 'src/a.ts')).toMatchObject([{ id: claim?.['id'], agent: 'Ada', state: 'held' }]);
    expect((await bo.run('claims')).out).toContain('docs-site/src/** name:deploy');
    expect((await bo.run('release', 'src/')).code).toBe(6);
    expect((await ada.run('release', 'src/')).code).toBe(0);
    expect(await bo.json('claims')).toEqual([]);
    expect((await ada.run('release')).code).toBe(2);
  });

  test('refuses a path outside of the repository', async () => {
    expect(await ada.run('claim', '../x', '--', 'true')).toMatchObject({ code: 2 });
  });

  test('of another agent is ended by `agora operator break`', async () => {
    const [claim] = await ada.json('claim', 'src/', '--for', '5m');
    using boss = new Shell({ server: hub.url, database: hub.database, token: hub.ownerToken });
    const id = String(claim?.['id']);
    expect((await bo.run('operator', 'break', id, '--yes')).code).toBe(5);
    expect(await boss.run('operator', 'break', id)).toMatchObject({
      code: 2,
      err: expect.stringContaining('Ada') as string,
    });
    expect((await boss.run('operator', 'break', id, '--yes', '--reason', 'stuck')).code).toBe(0);
    expect(await bo.json('claims')).toEqual([]);
  });
});

describe('agora claim guard', () => {
  test('refuses a commit of paths that another agent holds, and names it; the holder may commit', async () => {
    for (const shell of [ada, bo]) {
      expect((await shell.run('claim', 'guard', '--install')).code).toBe(0);
      writeFileSync(join(shell.folder, 'src/a.ts'), 'export {};\n');
      gitIn(shell, 'add', '.');
    }
    expect(readFileSync(join(bo.folder, '.git/hooks/pre-commit'), 'utf8')).toContain('agora claim guard');
    await ada.json('claim', 'src/*.ts', '--note', 'renames', '--for', '5m');
    const refused = await bo.bash('git commit -m "change"');
    expect(refused.code).not.toBe(0);
    expect(`${refused.out}${refused.err}`).toMatch(/src\/a\.ts is held by Ada until .*: src\/\*\.ts \(renames\)/);
    expect((await ada.bash('git commit -m "change"')).code).toBe(0);
    await ada.run('release', '--all');
    expect((await bo.bash('git commit -m "change"')).code).toBe(0);
  });

  test('passes with a note when no hub answers, and is refused then with --strict', async () => {
    using lost = new Shell({ server: 'http://127.0.0.1:9', agent: 'Ada' });
    repository(lost);
    writeFileSync(join(lost.folder, 'src/a.ts'), 'export {};\n');
    gitIn(lost, 'add', '.');
    expect(await lost.run('claim', 'guard')).toMatchObject({
      code: 0,
      err: expect.stringContaining('No hub') as string,
    });
    expect((await lost.run('claim', 'guard', '--strict')).code).toBe(3);
  });
});

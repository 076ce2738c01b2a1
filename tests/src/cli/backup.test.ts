// `agora backup` and `agora restore`: of a running hub, of a stopped one, and refusals.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { jsonLines, Shell, type Running } from './support/shell.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let shell: Shell;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-backup-'));
  shell = new Shell();
});

afterEach(() => {
  shell[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a hub on a data folder. */
async function startHub(dataDir: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const running: Running = shell.start(['up', '--port', '0', '--data-dir', dataDir, '--json']);
  await running.untilPrinted('"url"');
  const [{ url } = {}] = jsonLines(running.out);
  return {
    url: String(url),
    async stop() {
      running.child.kill('SIGTERM');
      expect((await running.ended).code).toBe(0);
    },
  };
}

async function identityOf(url: string): Promise<string> {
  return (await fetch(`${url}/v1/database/agora/identity`)).text();
}

describe('agora backup, agora restore', () => {
  test('copy a running hub, and restore it in another folder', async () => {
    const dataDir = join(folder, 'data');
    const to = join(folder, 'backup');
    const hub = await startHub(dataDir);
    const identity = await identityOf(hub.url);

    const unreachable = await shell.run('backup', '--to', to, '--data-dir', dataDir, '--server', 'http://127.0.0.1:1');
    expect(unreachable).toMatchObject({ code: 3, err: expect.stringMatching(/A hub uses .*--server\.\n$/) as string });
    const made = await shell.run('backup', '--to', to, '--data-dir', dataDir, '--server', hub.url);
    expect(made).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`to ${to} (`) as string });
    await hub.stop();

    const taken = await shell.run('restore', '--from', to, '--data-dir', dataDir);
    expect(taken).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Nothing was restored: .* is not empty/) as string,
    });
    const elsewhere = join(folder, 'elsewhere');
    expect(await shell.json('restore', '--from', to, '--data-dir', elsewhere)).toEqual([{ folder: elsewhere }]);
    const restored = await startHub(elsewhere);
    expect(await identityOf(restored.url)).toBe(identity);
    await restored.stop();
  });

  test('copy a stopped hub', async () => {
    const dataDir = join(folder, 'data');
    await (await startHub(dataDir)).stop();
    const to = join(folder, 'backup');
    const [made] = await shell.json('backup', '--to', to, '--data-dir', dataDir);
    expect(made).toMatchObject({ from: dataDir, folder: to, bytes: expect.any(Number) as number });
    expect(readdirSync(to).sort()).toEqual(['databases', 'keys', 'registry']);
  });

  test('report missing flags and folders', async () => {
    expect(await shell.run('backup')).toMatchObject({ code: 2, err: expect.stringContaining('--to') as string });
    expect(await shell.run('restore')).toMatchObject({ code: 2, err: expect.stringContaining('--from') as string });
    const nowhere = await shell.run('backup', '--to', join(folder, 'b'), '--data-dir', join(folder, 'none'));
    expect(nowhere).toMatchObject({
      code: 1,
      err: expect.stringContaining(`there is no data folder ${folder}/none.`) as string,
    });
  });
});

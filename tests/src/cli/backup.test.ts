import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const HUB = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const script = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

let folder: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-backup-'));
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command to its end. */
async function run(name: string, ...flags: string[]) {
  const child = spawn(process.execPath, [script(name), ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const ended = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null]; // what 'close' carries first
  return { code, out, err };
}

/** Starts a hub; returns its address. */
async function startHub(dataDir: string) {
  const child = spawn(process.execPath, [HUB, 'up', '--port', '0', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  let url = '';
  for await (const line of createInterface(child.stdout)) {
    url ||= /http:\S+/.exec(line)?.[0] ?? '';
    if (line.includes('Ctrl-C')) break;
  }
  child.stdout.resume();
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, stop };
}

async function identityOf(url: string): Promise<string> {
  return (await fetch(`${url}/v1/database/agora/identity`)).text();
}

describe('npm run backup, npm run restore', () => {
  it('copies a hub that runs, and brings it back elsewhere', async () => {
    const dataDir = join(folder, 'data');
    const to = join(folder, 'backup');
    const hub = await startHub(dataDir);
    const identity = await identityOf(hub.url);

    const unreachable = await run('backup', '--to', to, '--data-dir', dataDir, '--server', 'http://127.0.0.1:1');
    expect(unreachable).toMatchObject({ code: 1, err: expect.stringMatching(/^A hub uses .*--server\.\n$/) as string });
    const made = await run('backup', '--to', to, '--data-dir', dataDir, '--server', hub.url);
    expect(made).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`to ${to} (`) as string });
    await hub.stop();

    const taken = await run('restore', '--from', to, '--data-dir', dataDir);
    expect(taken).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Nothing was restored: .* is not empty/) as string,
    });
    const elsewhere = join(folder, 'elsewhere');
    expect(await run('restore', '--from', to, '--data-dir', elsewhere)).toMatchObject({ code: 0, err: '' });
    const restored = await startHub(elsewhere);
    expect(await identityOf(restored.url)).toBe(identity);
    await restored.stop();
  });

  it('copies a hub that does not run', async () => {
    const dataDir = join(folder, 'data');
    await (await startHub(dataDir)).stop();
    const to = join(folder, 'backup');
    expect(await run('backup', '--to', to, '--data-dir', dataDir)).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(to).sort()).toEqual(['databases', 'keys', 'registry']);
  });

  it('says what it wants', async () => {
    expect(await run('backup')).toMatchObject({ code: 2, err: expect.stringContaining('--to wants') as string });
    expect(await run('restore')).toMatchObject({ code: 2, err: expect.stringContaining('--from wants') as string });
    const nowhere = await run('backup', '--to', join(folder, 'b'), '--data-dir', join(folder, 'none'));
    expect(nowhere).toMatchObject({ code: 1, err: `Nothing was backed up: there is no data folder ${folder}/none.\n` });
  });
});

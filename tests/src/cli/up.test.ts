import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const START = fileURLToPath(new URL('./start.ts', import.meta.url));

let folder: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-start-'));
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `npm start` without npm; `said` is what it has printed so far. */
function start(...flags: string[]) {
  const child = spawn(process.execPath, [START, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  const ended = once(child, 'close').then(([code]) => code as number | null); // that is what 'close' carries first
  const greeted = (async () => {
    while (!said.out.includes('Ctrl-C')) await Promise.race([once(child.stdout, 'data'), ended.then(() => fail(said))]);
    return /http:\S+/.exec(said.out)?.[0] ?? '';
  })();
  greeted.catch(() => undefined);
  return { child, said, ended, greeted };
}

function fail(said: { out: string; err: string }): never {
  throw new Error(`the hub ended: ${said.out}${said.err}`);
}

describe('npm start', () => {
  it('says what runs and where, keeps its data, and ends well at Ctrl-C', async () => {
    for (let run = 0; run < 2; run++) {
      const hub = start('--port', '0', '--data-dir', folder);
      const url = await hub.greeted;
      expect(hub.said.out).toContain(folder);
      expect((await fetch(`${url}/v1/database/agora`)).status).toBe(200);
      hub.child.kill('SIGINT');
      expect(await hub.ended).toBe(0);
      expect(hub.said.err).toBe('');
    }
  });

  it('refuses a port in use in one sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const hub = start('--port', String(port), '--in-memory');
    expect(await hub.ended).toBe(1);
    expect(hub.said.err).toMatch(new RegExp(`^Port ${port} .* in use.*--port\\.\n$`));
    other.close();
  });

  it('refuses a folder that another hub uses', async () => {
    const first = start('--port', '0', '--data-dir', folder);
    await first.greeted;
    const second = start('--port', '0', '--data-dir', folder);
    expect(await second.ended).toBe(1);
    expect(second.said.err).toMatch(/^The data folder .* is in use by another process.*\n$/);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });

  it('refuses a folder that cannot be written', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    for (const impossible of [join(file, 'data'), '/proc/agora/data']) {
      const hub = start('--port', '0', '--data-dir', impossible);
      expect(await hub.ended).toBe(1);
      expect(hub.said.err).toMatch(/^The data folder .* cannot be written.*\n$/);
    }
  });

  it('refuses a bad flag and tells the right ones', async () => {
    const hub = start('--prot', '4000');
    expect(await hub.ended).toBe(2);
    expect(hub.said.err).toMatch(/^Unknown option '--prot'.*--port.*\n$/);
  });

  it('refuses an address that is not of this machine', async () => {
    const hub = start('--host', '203.0.113.1', '--port', '0', '--in-memory');
    expect(await hub.ended).toBe(1);
    expect(hub.said.err).toMatch(/^The hub cannot listen on 203\.0\.113\.1.*\n$/);
  });
});

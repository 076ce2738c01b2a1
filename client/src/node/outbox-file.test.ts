import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOutbox } from './outbox-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agora-outbox-'));
  path = join(folder, 'deep', 'outbox');
});
afterEach(() => rm(folder, { recursive: true }));

const item = (n: number, value: unknown = { n }) => ({ id: `id-${n}`, value });

/** The items that a new client loads. */
async function found(): Promise<unknown[]> {
  const outbox = fileOutbox(path);
  const items = await outbox.open();
  await outbox.close();
  return items.map(({ value }) => value);
}

describe('an outbox in a file', () => {
  test('loads the items that were kept and not forgotten, in order, readable only by its user', async () => {
    const outbox = fileOutbox(path);
    expect(await outbox.open()).toEqual([]);
    await outbox.keep([item(1), item(2), item(3)]);
    await outbox.forget(['id-2', 'unknown']);
    await outbox.keep([item(4), item(1, 'changed')]);
    await outbox.close();
    await outbox.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await found()).toEqual(['changed', { n: 3 }, { n: 4 }]);
  });

  test('I1: ignores a torn last line', async () => {
    const outbox = fileOutbox(path);
    await outbox.open();
    await outbox.keep([item(1)]);
    await outbox.close();
    await appendFile(path, '{"id":"id-2","val');
    expect(await found()).toEqual([{ n: 1 }]);
    // The torn line was removed, so the next line does not extend it.
    const again = fileOutbox(path);
    await again.open();
    await again.keep([item(3)]);
    await again.close();
    expect(await found()).toEqual([{ n: 1 }, { n: 3 }]);
  });

  test('is refused if any other line cannot be read', async () => {
    await found();
    await writeFile(path, 'nonsense\n{"id":"id-1","value":1}\n');
    await expect(fileOutbox(path).open()).rejects.toMatchObject({
      code: 'outbox/unreadable',
      message: expect.stringContaining('line 1') as string,
    });
    expect(await readFile(path, 'utf8')).toContain('nonsense');
  });

  test('I3: does not grow with obsolete lines', async () => {
    const outbox = fileOutbox(path);
    await outbox.open();
    const text = 'x'.repeat(100_000);
    await outbox.keep([item(0, 'stays')]);
    for (let n = 1; n <= 40; n++) {
      await outbox.keep([item(n, text)]);
      await outbox.forget([`id-${n}`]);
    }
    expect((await stat(path)).size).toBeLessThan(2_000_000);
    await outbox.forget(['id-0']);
    expect((await stat(path)).size).toBe(0);
    await outbox.close();
  });

  test('I2: belongs to one client until that is closed or its process has died', async () => {
    const first = fileOutbox(path);
    await first.open();
    await expect(fileOutbox(path).open()).rejects.toMatchObject({ code: 'outbox/in-use' });
    await first.close();
    expect(await found()).toEqual([]);

    const dead = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(dead, 'spawn');
    await writeFile(`${path}.lock`, `${dead.pid} ${await startOf(dead.pid)}`);
    await expect(fileOutbox(path).open()).rejects.toMatchObject({ code: 'outbox/in-use' });
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    expect(await found()).toEqual([]);
    // Another process has the number of the dead process.
    await writeFile(`${path}.lock`, `${process.pid} 1`);
    expect(await found()).toEqual([]);
  });
});

async function startOf(pid: number | undefined): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

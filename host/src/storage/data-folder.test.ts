import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DataFolder } from './data-folder.ts';
import { openDataFolder } from './lmdb-folder.ts';
import { createMemoryFolder } from './memory-folder.ts';
import { aDatabaseOfNotes } from './testing/note-database.ts';

const root = mkdtempSync(join(tmpdir(), 'agora-folder-'));
let folders = 0;
const newPath = (): string => join(root, String(folders++));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const record = { identity: 2n ** 255n + 5n, owner: 7n, names: ['alpha', 'beta'] };

describe.each<[string, () => Promise<DataFolder>]>([
  ['memory', () => Promise.resolve(createMemoryFolder())],
  ['disk', () => openDataFolder(newPath())],
])('a data folder in %s', (_name, open) => {
  test('knows its databases and where names lead', async () => {
    const folder = await open();
    await folder.createDatabase(record);
    expect(folder.databases()).toEqual([record]);
    expect(folder.database(record.identity)).toEqual(record);
    expect(folder.identityOf('beta')).toBe(record.identity);
    await folder.setNames(record.identity, ['beta', 'gamma']);
    expect([folder.identityOf('alpha'), folder.identityOf('gamma')]).toEqual([undefined, record.identity]);
    await folder.close();
  });

  test('keeps the names of a dropped database reserved, but not its rows', async () => {
    const folder = await open();
    await folder.createDatabase(record);
    aDatabaseOfNotes(await folder.openStorage(record.identity)).write({ id: 1 });
    await folder.dropDatabase(record.identity);
    expect(folder.database(record.identity)).toBeUndefined();
    expect(folder.identityOf('alpha')).toBe(record.identity);
    await folder.createDatabase(record);
    expect((await folder.openStorage(record.identity)).load()).toMatchObject({ commitNumber: 0, tables: [] });
    await folder.close();
  });

  test('refuses a name that leads elsewhere', async () => {
    const folder = await open();
    await folder.createDatabase(record);
    await expect(folder.createDatabase({ ...record, identity: 1n })).rejects.toThrow('alpha');
    await folder.close();
  });

  test('creates a secret once', async () => {
    const folder = await open();
    const first = folder.secret('signing-key', () => new Uint8Array([1, 2]));
    const second = folder.secret('signing-key', () => new Uint8Array([3]));
    expect([...second]).toEqual([...first]);
    await folder.close();
  });
});

describe('a data folder on disk', () => {
  test('has its whole state when it is opened again', async () => {
    const path = newPath();
    const first = await openDataFolder(path);
    await first.createDatabase(record);
    first.secret('signing-key', () => new Uint8Array([1, 2]));
    aDatabaseOfNotes(await first.openStorage(record.identity)).write({ id: 1 });
    await first.close();
    await first.close();

    const second = await openDataFolder(path);
    expect(second.databases()).toEqual([record]);
    expect([...second.secret('signing-key', () => new Uint8Array())]).toEqual([1, 2]);
    expect(aDatabaseOfNotes(await second.openStorage(record.identity)).note.count).toBe(1);
    await second.close();
  });

  test('is readable by its owner only', async () => {
    const path = newPath();
    const folder = await openDataFolder(path);
    folder.secret('signing-key', () => new Uint8Array([1]));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'keys', 'signing-key')).mode & 0o777).toBe(0o600);
    await folder.close();
  });

  test('removes the leftovers of a database that was dropped before a crash, and nothing else', async () => {
    const path = newPath();
    await (await openDataFolder(path)).close();
    const leftover = join(path, 'databases', 'ab'.repeat(32));
    const foreign = join(path, 'databases', 'notes');
    mkdirSync(leftover);
    mkdirSync(foreign);
    await (await openDataFolder(path)).close();
    expect([existsSync(leftover), existsSync(foreign)]).toEqual([false, true]);
  });

  test('is refused to a second opener, by path and process', async () => {
    const path = newPath();
    const folder = await openDataFolder(path);
    await expect(openDataFolder(path)).rejects.toMatchObject({
      code: 'storage/folder-in-use',
      message: `the data folder ${path} is in use by this process`,
    });
    await folder.close();
    await (await openDataFolder(path)).close();
    expect(readdirSync(path).filter(name => name.startsWith('lock'))).toEqual([]);
  });

  test('is refused while its process lives, and taken over after its death', async () => {
    const path = newPath();
    await (await openDataFolder(path)).close();
    const other = spawn('sleep', ['60']);
    const { pid = 0 } = other;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const startedAt = `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
    writeFileSync(join(path, 'lock'), JSON.stringify({ pid, startedAt }));
    await expect(openDataFolder(path)).rejects.toThrow(`in use by process ${pid}`);

    // Another process may have the same number by now.
    writeFileSync(join(path, 'lock'), JSON.stringify({ pid, startedAt: `${boot} 1` }));
    await (await openDataFolder(path)).close();

    writeFileSync(join(path, 'lock'), JSON.stringify({ pid, startedAt }));
    const gone = once(other, 'exit');
    other.kill('SIGKILL');
    await gone;
    await (await openDataFolder(path)).close();

    writeFileSync(join(path, 'lock'), 'half a lo');
    await (await openDataFolder(path)).close();
  });

  test('that cannot be written is refused with its path', async () => {
    const file = newPath();
    writeFileSync(file, '');
    await expect(openDataFolder(join(file, 'data'))).rejects.toMatchObject({
      code: 'storage/folder-unwritable',
      message: expect.stringContaining(file) as string,
    });
  });
});

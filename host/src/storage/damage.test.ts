// Damage of a data folder by other programs is detected before anything is served from it.

import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHost } from '../host.ts';
import { openDataFolder } from './lmdb-folder.ts';
import { openEnvironment } from './lmdb-environment.ts';
import { aDatabaseOfNotes } from './testing/note-database.ts';

const root = mkdtempSync(join(tmpdir(), 'agora-damage-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const good = join(root, 'good');
const IDENTITY = 5n;
const HEX = IDENTITY.toString(16).padStart(64, '0');

beforeAll(async () => {
  const folder = await openDataFolder(good);
  await folder.createDatabase({ identity: IDENTITY, owner: 7n, names: ['notes'] });
  const storage = await folder.openStorage(IDENTITY);
  const { write } = aDatabaseOfNotes(storage);
  for (let id = 1; id <= 2000; id++) write({ id, text: `note ${id}`.padEnd(200, '.') });
  await storage.whenDurable(2000);
  await folder.finishDatabase(IDENTITY);
  await folder.close();
});

let copies = 0;
/** A copy of the intact folder, and the LMDB file of its database. */
function aCopy() {
  const path = join(root, `copy${copies++}`);
  cpSync(good, path, { recursive: true });
  const database = join(path, 'databases', HEX);
  return { path, database, file: join(database, 'data.mdb'), registry: join(path, 'registry', 'data.mdb') };
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const open = openSync(file, 'r+');
  writeSync(open, bytes, 0, bytes.length, at);
  closeSync(open);
}

/** Opens a folder and reads its database. */
async function readAll(path: string): Promise<string[]> {
  const folder = await openDataFolder(path);
  try {
    return aDatabaseOfNotes(await folder.openStorage(IDENTITY)).show();
  } finally {
    await folder.close();
  }
}

describe('a damaged data folder', () => {
  test('is refused if a file is truncated, with its name and a remedy', async () => {
    const { path, file } = aCopy();
    expect(await readAll(path)).toHaveLength(2000);
    truncateSync(file, statSync(file).size / 2);
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'storage/damaged',
      message: expect.stringMatching(
        new RegExp(`^${file} is damaged: data.mdb has \\d+ bytes of \\d+. Restore ${path} from a backup;`),
      ) as string,
    });
  });

  test('is refused if a file is empty', async () => {
    const { path, file } = aCopy();
    truncateSync(file, 0);
    await expect(readAll(path)).rejects.toMatchObject({ code: 'storage/damaged' });
  });

  test('is refused if any pages of a file are overwritten, and the process survives', async () => {
    const pages = statSync(aCopy().file).size / 4096;
    const noise = Uint8Array.from({ length: 4096 }, (_, at) => (at * 7919) % 251);
    for (const page of [0, 0.3, 0.6, 0.9].map(share => Math.floor(share * pages))) {
      const { path, file } = aCopy();
      // Both meta pages of LMDB, or one of the others.
      overwrite(file, page * 4096, page === 0 ? Buffer.alloc(8192) : noise);
      const read = await readAll(path).catch((error: unknown) => error);
      // A free page may contain any bytes.
      if (Array.isArray(read)) expect(read).toHaveLength(2000);
      else expect(read).toMatchObject({ code: 'storage/damaged' });
    }
  });

  test('is refused if one byte of one row has changed', async () => {
    const { path, file } = aCopy();
    const at = readFileSync(file).lastIndexOf('note 1234.');
    overwrite(file, at + 20, Buffer.from('!'));
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'storage/damaged',
      message: 'the table note holds other rows than that were written',
    });
  });

  test('is refused if a row is missing', async () => {
    const { path, database } = aCopy();
    const environment = openEnvironment(database);
    const rows = environment.openDB<Buffer, Buffer>('rows', { encoding: 'binary', keyEncoding: 'binary' });
    for (const key of rows.getKeys({ limit: 1 })) rows.removeSync(key);
    await environment.close();
    await expect(readAll(path)).rejects.toThrow('the table note holds 1999 rows, not the 2000 that were written');
  });

  test('is refused if a record has changed', async () => {
    const { path, database } = aCopy();
    const environment = openEnvironment(database);
    environment.openDB<Buffer, string>('meta', { encoding: 'binary' }).putSync('commit', Buffer.from('1999'));
    await environment.close();
    await expect(readAll(path)).rejects.toThrow('are not those that were written');
  });

  test('is refused if a database is missing, instead of running without it', async () => {
    const { path, database } = aCopy();
    rmSync(database, { recursive: true });
    await expect(readAll(path)).rejects.toThrow(`${database} has lost its content`);
  });

  test('is refused if the registry is missing, instead of treating the databases as leftovers', async () => {
    const { path, database } = aCopy();
    rmSync(join(path, 'registry'), { recursive: true });
    await expect(readAll(path)).rejects.toMatchObject({ code: 'storage/damaged' });
    expect(readdirSync(database)).toContain('data.mdb');
  });

  test('is reported by a host with the name of the database, and the host starts without it if that is set aside', async () => {
    const { path, file, database } = aCopy();
    const at = readFileSync(file).lastIndexOf('note 1234.');
    overwrite(file, at + 20, Buffer.from('!'));
    // Its program is not a module; that is reported in the same way.
    await expect(startHost({ dataDir: path })).rejects.toMatchObject({
      code: 'storage/damaged',
      message: expect.stringMatching(
        new RegExp(`^the database notes in ${database} cannot be opened: .*HEX.aside`),
      ) as string,
    });
    renameSync(database, `${database}.aside`);
    await using host = await startHost({ dataDir: path });
    expect(host.database('notes')).toBeUndefined();
  });

  test('is reported by a host if its keys do not match', async () => {
    const path = join(root, 'keys');
    await (await startHost({ dataDir: path })).close();
    for (const name of ['owner-token', 'token-key.pem']) {
      const file = join(path, 'keys', name);
      const before = readFileSync(file);
      writeFileSync(file, 'half a k');
      await expect(startHost({ dataDir: path })).rejects.toMatchObject({
        code: 'storage/damaged',
        message: expect.stringContaining(`keys/${name} in the data folder is invalid`) as string,
      });
      writeFileSync(file, before);
    }
    await (await startHost({ dataDir: path })).close();
  });
});

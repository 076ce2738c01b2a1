// Backups of a running host during writes, and hosts started from them.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { bundleModule } from './guest/testing/bundle-module.ts';
import { startHost, type Host } from './host.ts';
import { backupFolder, restoreBackup } from './storage/backup.ts';

const MODULE = `
  import { schema, table, t } from 'spacetimedb/server';
  const db = schema({
    note: table({ public: true }, { id: t.u64().primaryKey().autoInc(), text: t.string() }),
    pair: table({ public: true }, { id: t.u64().primaryKey(), text: t.string() }),
  });
  export default db;
  export const add = db.reducer({ text: t.string() }, (ctx, { text }) => {
    const { id } = ctx.db.note.insert({ id: 0n, text });
    ctx.db.pair.insert({ id, text });
  });
`;
const bundle = new TextEncoder().encode(bundleModule(MODULE));

const root = mkdtempSync(join(tmpdir(), 'agora-backup-'));
const hosts: Host[] = [];
let folders = 0;
const newPath = (): string => join(root, String(folders++));
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
  rmSync(root, { recursive: true, force: true });
});

async function start(dataDir?: string): Promise<Host> {
  const host = await startHost(dataDir === undefined ? { inMemory: true } : { dataDir });
  hosts.push(host);
  return host;
}

async function add(host: Host, text: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify([text]);
  const answer = await fetch(`${host.url}/v1/database/notes/call/add`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
}

async function texts(host: Host, table: string): Promise<string[]> {
  const answer = await fetch(`${host.url}/v1/database/notes/sql`, {
    method: 'POST',
    body: `SELECT text FROM ${table}`,
  });
  const [result] = (await answer.json()) as { rows: [string][] }[];
  return (result?.rows ?? []).map(([text]) => text).sort();
}

function askForBackup(host: Host, body: unknown, token = host.owner.token): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${host.url}/host/backup`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Everything below a folder, with its permissions. */
function modes(folder: string): number[] {
  const below = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name));
  return [folder, ...below].map(path => statSync(path).mode & 0o077);
}

describe('a backup of a running host', () => {
  test('has every row confirmed before it began, and only whole commits', async () => {
    const host = await start(newPath());
    await host.publish('notes', bundle);
    const confirmed: string[] = [];
    let isOver = false;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; !isOver; turn++) {
        await add(host, `${writer}.${turn}`);
        confirmed.push(`${writer}.${turn}`);
      }
    });
    await expect.poll(() => confirmed.length).toBeGreaterThan(100);
    const backups = [newPath(), newPath(), newPath()];
    const before: string[][] = [];
    for (const to of backups) {
      before.push([...confirmed]);
      const answer = await askForBackup(host, { to });
      expect(await answer.json()).toMatchObject({ folder: to, databases: 1 });
    }
    isOver = true;
    await Promise.all(writers);

    for (const [at, from] of backups.entries()) {
      const dataDir = await restoreBackup(from, newPath());
      const restored = await start(dataDir);
      const notes = await texts(restored, 'note');
      expect(before[at]?.filter(text => !notes.includes(text))).toEqual([]);
      expect(await texts(restored, 'pair')).toEqual(notes);
      expect(restored.owner).toEqual(host.owner);
      await add(restored, 'goes on');
      expect(await texts(restored, 'note')).toHaveLength(notes.length + 1);
    }
    // The backed up host continues independently.
    expect(await texts(host, 'note')).toEqual(confirmed.toSorted());
  });

  test('is readable by its owner only, as it holds keys', async () => {
    const host = await start(newPath());
    await host.publish('notes', bundle);
    const to = newPath();
    expect((await fetch(`${host.url}/host/backup`, { method: 'POST' })).status).toBe(401);
    const somebody = await fetch(`${host.url}/v1/identity`, { method: 'POST' });
    const { token } = (await somebody.json()) as { token: string };
    expect((await askForBackup(host, { to }, token)).status).toBe(403);
    expect(existsSync(to)).toBe(false);

    const { folder } = await host.backup(to);
    expect(new Set(modes(folder))).toEqual(new Set([0]));
    expect(new Set(modes(await restoreBackup(folder, newPath())))).toEqual(new Set([0]));
  });

  test('is refused with the reason if its target exists', async () => {
    const host = await start(newPath());
    const to = newPath();
    for (const body of [{}, { to: 'relative' }, { to: 7 }, 'text']) {
      const answer = await askForBackup(host, body);
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/was expected/)]);
    }
    await host.backup(to);
    const again = await askForBackup(host, { to });
    expect([again.status, await again.text()]).toEqual([
      409,
      `${to} is not empty; choose another folder or move it away`,
    ]);
    const file = newPath();
    writeFileSync(file, '');
    await expect(host.backup(join(file, 'below'))).rejects.toMatchObject({ code: 'storage/folder-unwritable' });
    await expect((await start()).backup(newPath())).rejects.toMatchObject({ code: 'backup/in-memory' });
  });

  test('leaves out a database that was set aside, and starts', async () => {
    const dataDir = newPath();
    const host = await start(dataDir);
    const { identity } = await host.publish('notes', bundle);
    await host.close();
    const folder = join(dataDir, 'databases', identity.toString(16).padStart(64, '0'));
    cpSync(folder, `${folder}.aside`, { recursive: true });
    rmSync(folder, { recursive: true });
    const { databases, folder: copy } = await backupFolder(dataDir, newPath());
    expect(databases).toBe(0);
    expect((await start(await restoreBackup(copy, newPath()))).database('notes')).toBeUndefined();
  });
});

test('a backup removes no folder that it has not created', async () => {
  const host = await start(newPath());
  await host.publish('notes', bundle);
  const target = newPath();
  mkdirSync(`${target}.partial`, { recursive: true });
  writeFileSync(join(`${target}.partial`, 'mine'), 'of another program');
  await host.backup(target);
  expect(readdirSync(`${target}.partial`)).toEqual(['mine']);
  expect(readdirSync(root).filter(name => name.startsWith('.'))).toEqual([]);
});

describe('a restore', () => {
  test('from a damaged backup, or over data, is refused and leaves no files', async () => {
    const dataDir = newPath();
    const host = await start(dataDir);
    await host.publish('notes', bundle);
    await add(host, 'one');
    await expect(backupFolder(dataDir, newPath())).rejects.toMatchObject({ code: 'storage/folder-in-use' });
    const { folder } = await host.backup(newPath());
    await expect(restoreBackup(folder, dataDir)).rejects.toMatchObject({ code: 'backup/target-taken' });
    await expect(restoreBackup(root, newPath())).rejects.toMatchObject({ code: 'backup/not-found' });

    const [database = ''] = readdirSync(join(folder, 'databases'));
    writeFileSync(join(folder, 'databases', database, 'data.mdb'), 'no database');
    const target = newPath();
    await expect(restoreBackup(folder, target)).rejects.toMatchObject({ code: 'storage/damaged' });
    const left = readdirSync(root).filter(name => name.includes('partial'));
    expect([existsSync(target), left]).toEqual([false, []]);
  });
});

// A killed process and a failing disk: durable commits stay, and no commit is stored in part.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { openDataFolder } from './lmdb-folder.ts';
import { aDatabaseOfNotes } from './testing/note-database.ts';

const root = mkdtempSync(join(tmpdir(), 'agora-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const writer = join(import.meta.dirname, 'testing/note-writer.ts');

interface Ended {
  readonly durable: number;
  readonly lastLine: string;
}

/** Runs the writer, under a shell's limits, until its output satisfies `isEnough`, then kills it. */
async function runWriter(folder: string, isEnough: (durable: number) => boolean, limits = 'true'): Promise<Ended> {
  const shell = spawn('bash', ['-c', `${limits}; exec "$0" "$@"`, process.execPath, writer, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(shell, 'exit');
  let durable = 0;
  let lastLine = '';
  for await (const line of createInterface({ input: shell.stdout })) {
    lastLine = line;
    if (line.startsWith('durable ')) durable = Number(line.slice(8));
    if (isEnough(durable)) shell.kill('SIGKILL');
  }
  await exited;
  return { durable, lastLine };
}

/** The last commit in the folder; asserts that all its commits are whole. */
async function lastWholeCommit(path: string): Promise<number> {
  const folder = await openDataFolder(path);
  const storage = await folder.openStorage(1n);
  const { note, tag, show } = aDatabaseOfNotes(storage);
  const last = storage.durable;
  expect(show().map(text => text.trimEnd())).toEqual([`1 ${last}`]);
  const tags = Array.from(tag.rows(), row => Number(tag.layout.value(row.bytes, 0)));
  expect(tags.length).toBe(2 * last);
  expect(new Set(tags).size).toBe(last);
  expect(Math.max(...tags)).toBe(last);
  expect(note.count).toBe(1);
  await folder.close();
  return last;
}

test('a repeatedly killed process keeps every durable commit and no part of another', async () => {
  const folder = join(root, 'killed');
  let last = 0;
  for (let life = 0; life < 5; life++) {
    const before = last;
    const { durable } = await runWriter(folder, number => number > before + 150 + 170 * life);
    last = await lastWholeCommit(folder);
    expect(durable).toBeGreaterThan(before);
    expect(last).toBeGreaterThanOrEqual(durable);
  }
}, 60_000);

test('a full disk ends writing with a reason, and durable commits stay', async () => {
  const folder = join(root, 'full');
  // The limit is 2 MiB a file; without the trap the kernel would end the process instead of refusing the write.
  const { durable, lastLine } = await runWriter(folder, () => false, `trap '' XFSZ; ulimit -f 2048`);
  expect(lastLine).toBe('failed storage/write-failed storage/write-failed storage/write-failed');
  expect(durable).toBeGreaterThan(0);
  expect(await lastWholeCommit(folder)).toBeGreaterThanOrEqual(durable);
}, 60_000);

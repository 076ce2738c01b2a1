// Lock of a data folder: a file that names the one process that uses the folder. A dead process holds no lock.

import { closeSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HostError } from '../errors.ts';

/** `startedAt` distinguishes a process from a later one with the same number; empty if the system does not report it. */
const holder = z.object({ pid: z.int().positive(), startedAt: z.string() });
type Holder = z.infer<typeof holder>;

/** Locks of this process: where the start time of a process is unknown, its number alone proves nothing. */
const held = new Set<string>();

/** A lock that is held until `release`. */
export interface FolderLock {
  release(): void;
}

/** Takes the lock of an existing folder. Throws `storage/folder-in-use` with the process, or the error of the disk. */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, 'lock');
  const self: Holder = { pid: process.pid, startedAt: startOf(process.pid) };
  const mine = join(folder, `lock.${process.pid}`);
  writeNew(mine, JSON.stringify(self));
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link appears whole or not at all, so no process ever reads a partial lock.
      if (tryLink(mine, path)) {
        held.add(path);
        return { release: () => release(path) };
      }
      const other = readHolder(path);
      if (other && isAlive(other, path)) throw inUse(folder, other.pid);
      if (other) takeAway(path, other, folder);
    }
    throw inUse(folder, undefined);
  } finally {
    unlinkSync(mine);
  }
}

/** The process that has a data folder open; undefined if none has. */
export function folderHolder(folder: string): number | undefined {
  const path = join(folder, 'lock');
  const holder = readHolder(path);
  return holder && isAlive(holder, path) ? holder.pid : undefined;
}

function release(path: string): void {
  if (held.delete(path)) unlinkSync(path);
}

/** Removes the lock of a dead process, unless a live process has replaced it in the meantime. */
function takeAway(path: string, dead: Holder, folder: string): void {
  const aside = `${path}.stale.${process.pid}`;
  if (!succeeds(() => renameSync(path, aside), 'ENOENT')) return;
  const moved = readHolder(aside);
  if (moved && (moved.pid !== dead.pid || moved.startedAt !== dead.startedAt)) {
    tryLink(aside, path);
    unlinkSync(aside);
    throw inUse(folder, moved.pid);
  }
  unlinkSync(aside);
}

function isAlive({ pid, startedAt }: Holder, path: string): boolean {
  if (pid === process.pid) return held.has(path);
  // EPERM: it lives, under another user.
  const exists = succeeds(() => process.kill(pid, 0), 'ESRCH');
  return exists && startOf(pid) === startedAt;
}

/** Start time of a process, in ticks since boot; empty where /proc does not exist. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name of the program is in parentheses and may contain spaces; field 22 is the 20th after it.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return '';
  }
}

/** Undefined if there is no lock; an unreadable lock counts as that of a dead process. */
function readHolder(path: string): Holder | undefined {
  try {
    return holder.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : { pid: 2 ** 31 - 1, startedAt: '' };
  }
}

function writeNew(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  writeSync(file, text);
  closeSync(file);
}

function tryLink(from: string, to: string): boolean {
  return succeeds(() => linkSync(from, to), 'EEXIST');
}

/** Returns false if it fails with this code, true if it succeeds or only the permission to signal is missing. */
function succeeds(act: () => void, expected: string): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (codeOf(error) === expected) return false;
    if (expected === 'ESRCH' && codeOf(error) === 'EPERM') return true;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function inUse(folder: string, pid: number | undefined): HostError {
  const who = pid === process.pid ? 'this process' : pid === undefined ? 'another process' : `process ${pid}`;
  return new HostError('storage/folder-in-use', `the data folder ${folder} is in use by ${who}`);
}

// Copies of the content of a data folder. A copy gets its name only when it is complete and synced, so that a partial copy
// is never used.

import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { HostError, messageOf } from '../errors.ts';
import { DATA_FILE, type Environment } from './lmdb-environment.ts';
import { makeFolder } from './make-folder.ts';

/** The result of a backup. */
export interface Backup {
  /** Its absolute path. */
  readonly folder: string;
  readonly databases: number;
  /** Its size on disk. */
  readonly bytes: number;
}

/**
 * Creates a folder with `fill`, and gives it its name when it is complete. Throws `backup/target-taken` if the path
 * exists, or `storage/folder-unwritable`.
 */
export async function makeWhole(target: string, fill: (partial: string) => Promise<void>): Promise<string> {
  const folder = resolve(target);
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)) {
    throw new HostError('backup/target-taken', `${folder} is not empty; choose another folder or move it away`);
  }
  let partial: string | undefined;
  try {
    makeFolder(dirname(folder), 0o700);
    // A name that does not exist, so that nothing is removed that this process has not created.
    partial = mkdtempSync(join(dirname(folder), `.${basename(folder)}.partial-`));
    await fill(partial);
    // Fails if it is not empty any more.
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(partial, folder);
    syncPath(dirname(folder));
    return folder;
  } catch (cause) {
    if (partial !== undefined) rmSync(partial, { recursive: true, force: true });
    if (cause instanceof HostError) throw cause;
    throw new HostError('storage/folder-unwritable', `${folder} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

/** Copies an environment as of its last durable commit while writes continue; returns the size of the copy. */
export async function copyEnvironment(environment: Environment, to: string): Promise<number> {
  makeFolder(to, 0o700);
  // Without the free pages.
  await environment.backup(to, true);
  const file = join(to, DATA_FILE);
  chmodSync(file, 0o600);
  syncPath(file);
  syncPath(to);
  return statSync(file).size;
}

/** Copies the files of a folder, readable by their owner only. */
export function copyFiles(from: string, to: string): void {
  makeFolder(to, 0o700);
  for (const name of readdirSync(from)) {
    const file = join(to, name);
    copyFileSync(join(from, name), file);
    chmodSync(file, 0o600);
    syncPath(file);
  }
  syncPath(to);
}

/** Syncs a file, or the entries of a folder, to disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

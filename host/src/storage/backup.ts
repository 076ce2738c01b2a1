// Backup and restore of a whole data folder whose host does not run; a running host makes its own backups.

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HostError, messageOf } from '../errors.ts';
import { openDataFolder } from './lmdb-folder.ts';
import { type Backup, copyFiles, makeWhole, syncPath } from './folder-copy.ts';
import { DATA_FILE } from './lmdb-environment.ts';
import { makeFolder } from './make-folder.ts';

/** The entries of a data folder that belong to a backup. */
const FOLDERS = ['registry', 'databases', 'keys'];

/**
 * Creates a data folder from a backup, and reads all of it before it gets its name. Throws `backup/target-taken`,
 * `backup/not-found`, `storage/damaged` or `storage/folder-unwritable`. Returns the folder.
 */
export async function restoreBackup(from: string, dataDir: string): Promise<string> {
  if (!existsSync(join(from, 'registry', DATA_FILE))) {
    throw new HostError('backup/not-found', `there is no backup in ${resolve(from)}`);
  }
  return makeWhole(dataDir, async partial => {
    for (const folder of FOLDERS) {
      const source = join(from, folder);
      makeFolder(join(partial, folder), 0o700);
      if (folder !== 'databases') copyFiles(source, join(partial, folder));
      else for (const name of readdirSync(source)) copyFiles(join(source, name), join(partial, folder, name));
    }
    syncPath(partial);
    await readAll(partial).catch((cause: unknown) => {
      if (!(cause instanceof HostError) || cause.code !== 'storage/damaged') throw cause;
      // The remedy in the cause is meant for a running host, and names a folder that is about to be removed.
      const fault = messageOf(cause.cause ?? cause);
      throw new HostError('storage/damaged', `the backup in ${resolve(from)} is damaged: ${fault}`, { cause });
    });
  });
}

/** Backs up the data folder of a host that does not run. Throws `storage/folder-in-use` if one does. */
export async function backupFolder(dataDir: string, target: string): Promise<Backup> {
  if (!existsSync(join(dataDir, 'registry', DATA_FILE))) {
    throw new HostError('backup/not-found', `there is no data folder ${resolve(dataDir)}`);
  }
  const folder = await openDataFolder(dataDir);
  try {
    return await folder.backup(target);
  } finally {
    await folder.close();
  }
}

async function readAll(path: string): Promise<void> {
  const folder = await openDataFolder(path);
  try {
    for (const { identity } of folder.databases()) {
      const storage = await folder.openStorage(identity);
      // At its end the iteration compares the sum of the rows.
      for (const { rows } of storage.load().tables) for (const row of rows) void row;
    }
  } finally {
    await folder.close();
  }
}

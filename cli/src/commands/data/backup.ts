// `agora backup`: copies the data of a hub. A running hub makes the copy itself.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupFolder, type Backup, HostError } from '@agora/host';
import { z } from 'zod';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { dataFolder } from '../../base/settings.ts';
import { formatBytes } from '../../base/size.ts';
import { defineCommand } from '../../command/command.ts';

const TIMEOUT_MS = 10 * 60_000;

const BackupResult = z.object({ folder: z.string(), databases: z.number(), bytes: z.number() });

export default defineCommand({
  input: z.object({
    to: z.string('a folder for the backup').min(1, 'a folder for the backup'),
    dataDir: z.string().min(1, 'a folder').optional(),
  }),
  async run(context, { to, dataDir }) {
    const from = context.path(dataDir ?? dataFolder(context.io.environment));
    const made = await backUp(from, context.path(to), context.settings.server);
    await context.output.data(
      { from, ...made },
      () => `Backed up ${from} to ${made.folder} (${formatBytes(made.bytes)}).`,
    );
  },
});

async function backUp(dataDir: string, to: string, server: string): Promise<Backup> {
  try {
    return await backupFolder(dataDir, to);
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    if (thrown.code === 'storage/folder-in-use') return askHub(dataDir, to, server);
    throw failure(thrown.message, thrown);
  }
}

/** Asks the hub that uses the folder, with the owner token that it stores there. */
async function askHub(dataDir: string, to: string, server: string): Promise<Backup> {
  const file = join(dataDir, 'keys', 'owner-token');
  if (!existsSync(file)) throw failure(`a hub is starting on ${dataDir}; try again`);
  const token = (await readFile(file, 'utf8')).trim();
  let response: Response;
  try {
    response = await fetch(new URL('/host/backup', server), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ to }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    const sentence = `A hub uses ${dataDir}, but no hub answers at ${server}; give its address with --server.`;
    throw new CliError('cli/no-hub', sentence, EXIT.connection, { cause });
  }
  if (response.status === 401 || response.status === 403) {
    throw failure(`the hub at ${server} does not use ${dataDir}; give the right --server or --data-dir`);
  }
  if (!response.ok) throw failure(await response.text());
  return BackupResult.parse(await response.json());
}

function failure(reason: string, cause?: unknown): CliError {
  return new CliError('cli/backup-failed', `Nothing was backed up: ${reason}.`, EXIT.failed, { cause });
}

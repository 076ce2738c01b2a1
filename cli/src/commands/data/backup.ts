// `agora backup`: a copy of a hub's data, whether it runs or not. A running hub makes it itself.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupFolder, type Backup, HostError } from '@agora/host';
import { z } from 'zod';
import { defineCommand } from '../../command/command.ts';
import { dataFolder } from '../../base/settings.ts';
import { CliError, EXIT } from '../../base/cli-error.ts';
import { formatBytes } from '../../base/size.ts';

const TIMEOUT_MS = 10 * 60_000;

const Answer = z.object({ folder: z.string(), databases: z.number(), bytes: z.number() });

export default defineCommand({
  input: z.object({
    to: z.string('the folder of the backup is wanted').min(1, 'the folder of the backup is wanted'),
    dataDir: z.string().min(1, 'a folder').optional(),
  }),
  async run(context, { to, dataDir }) {
    const from = context.path(dataDir ?? dataFolder(context.io.environment));
    const made = await backUp(from, context.path(to), context.settings.server);
    await context.output.data({ from, ...made }, () => `Backed up ${from} to ${made.folder} (${formatBytes(made.bytes)}).`);
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

/** Asks the hub that has the folder, with the token that it keeps there for programs of its owner. */
async function askHub(dataDir: string, to: string, server: string): Promise<Backup> {
  const file = join(dataDir, 'keys', 'owner-token');
  if (!existsSync(file)) throw failure(`a hub begins to use ${dataDir}; try again`);
  const token = (await readFile(file, 'utf8')).trim();
  let answer: Response;
  try {
    answer = await fetch(new URL('/host/backup', server), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ to }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    const sentence = `A hub uses ${dataDir}, but none answers at ${server}; name it with --server.`;
    throw new CliError('cli/no-hub', sentence, EXIT.connection, { cause });
  }
  if (answer.status === 401 || answer.status === 403) {
    throw failure(`the hub at ${server} has another data folder than ${dataDir}; name the right one`);
  }
  if (!answer.ok) throw failure(await answer.text());
  return Answer.parse(await answer.json());
}

function failure(reason: string, cause?: unknown): CliError {
  return new CliError('cli/backup-failed', `Nothing was backed up: ${reason}.`, EXIT.failed, { cause });
}

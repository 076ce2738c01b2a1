// `npm run backup -- --to FOLDER`: a copy of a hub's data, whether it runs or not. A running hub makes it itself.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { backupFolder, type Backup, HostError } from '@agora/host';
import { z } from 'zod';
import { CommandError, parseFlags, runCommand } from './command.ts';
import { DEFAULT_DATA_DIR } from './data-dir.ts';

const USAGE = 'npm run backup -- --to FOLDER [--data-dir FOLDER] [--server URL]';
const TIMEOUT_MS = 10 * 60_000;

const Answer = z.object({ folder: z.string(), databases: z.number(), bytes: z.number() });

await runCommand(async args => {
  const { values } = parseFlags(
    {
      args,
      options: {
        to: { type: 'string' },
        'data-dir': { type: 'string' },
        server: { type: 'string', default: 'http://127.0.0.1:3000' },
      },
    },
    USAGE,
  );
  if (values.to === undefined) throw new CommandError(`--to wants the folder of the backup. Usage: ${USAGE}`, 2);
  const cwd = process.env['INIT_CWD'] ?? process.cwd();
  const dataDir = values['data-dir'] === undefined ? DEFAULT_DATA_DIR : resolve(cwd, values['data-dir']);
  const { folder, bytes } = await backUp(dataDir, resolve(cwd, values.to), values.server);
  console.log(`Backed up ${dataDir} to ${folder} (${(bytes / 1e6).toFixed(1)} MB).`);
});

async function backUp(dataDir: string, to: string, server: string): Promise<Backup> {
  try {
    return await backupFolder(dataDir, to);
  } catch (thrown) {
    if (!(thrown instanceof HostError)) throw thrown;
    if (thrown.code === 'storage/folder-in-use') return askHub(dataDir, to, server);
    throw new CommandError(`Nothing was backed up: ${thrown.message}.`, 1, { cause: thrown });
  }
}

/** Asks the hub that has the folder, with the token that it keeps there for programs of its owner. */
async function askHub(dataDir: string, to: string, server: string): Promise<Backup> {
  const file = join(dataDir, 'keys', 'owner-token');
  if (!existsSync(file)) throw new CommandError(`A hub begins to use ${dataDir}; try again.`);
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
    throw new CommandError(`A hub uses ${dataDir}, but none answers at ${server}; name it with --server.`, 1, {
      cause,
    });
  }
  if (answer.status === 401 || answer.status === 403)
    throw new CommandError(`The hub at ${server} has another data folder than ${dataDir}; name the right one.`);
  if (!answer.ok) throw new CommandError(`Nothing was backed up: ${await answer.text()}.`);
  return Answer.parse(await answer.json());
}

// Readability check of a data folder, run in a child process because LMDB may crash on damaged files.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { HostError } from '../errors.ts';
import { DATA_FILE } from './lmdb-environment.ts';

// Next to this file, in the sources and in the build.
const CHECK = join(import.meta.dirname, `check-process${extname(import.meta.filename)}`);

/** Limit for the check; reading takes about a second for a million rows. */
const TIMEOUT_MS = 10 * 60_000;

/** Reads every LMDB environment of some folders. Throws `storage/damaged` with the folder and its fault. */
export async function checkEnvironments(folders: readonly string[]): Promise<void> {
  const present = folders.filter(folder => existsSync(join(folder, DATA_FILE)));
  if (present.length === 0) return;
  const child = spawn(process.execPath, [CHECK, ...present], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'close');
  let folder = '';
  let fault: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('! ')) fault = line.slice(2);
    else folder = line;
  }
  const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null]; // the arguments of 'close'
  if (code === 0) return;
  throw new HostError(
    'storage/damaged',
    `${join(folder, DATA_FILE)} is damaged: ${fault ?? `reading it ended with ${signal ?? code}`}`,
  );
}

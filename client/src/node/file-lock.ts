// A lock between processes of one machine: a file that names its holder. The lock of a dead process is broken.
//
// The complete file is linked into place, so no process reads a partial one. The start time of the holder distinguishes it
// from a later process with the same number, if the system reports it (Linux).

import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;
let drafts = 0;

/** Waits for the lock `path` at most `withinMs`. Returns a function that releases it; undefined if another process holds it. */
export async function takeLock(path: string, withinMs: number): Promise<(() => Promise<void>) | undefined> {
  const draft = `${path}.${process.pid}.${drafts++}`;
  const self = `${process.pid} ${await startOf(process.pid)}`;
  await writeFile(draft, self, { mode: 0o600 });
  try {
    for (const deadline = performance.now() + withinMs; ;) {
      if (await linkNew(draft, path)) return () => unlinkAny(path);
      const holder = await readAny(path);
      if (holder !== undefined && (await isDead(holder))) await breakLock(path, holder, `${draft}.stale`);
      else if (performance.now() >= deadline) return undefined;
      else await pause(POLL_MS);
    }
  } finally {
    await unlinkAny(draft);
  }
}

/** Removes the lock of a dead holder; restores it if another process has taken it since. */
async function breakLock(path: string, holder: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await readAny(aside)) !== holder) await linkNew(aside, path);
  await unlinkAny(aside);
}

async function isDead(holder: string): Promise<boolean> {
  const [pid = '', start = ''] = holder.split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
  return start !== (await startOf(Number(pid)));
}

/** Returns the start time of a process in the unit of the system; '' if the system does not report it. */
async function startOf(pid: number): Promise<string> {
  const stat = await readAny(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, with any characters; the start time is the 20th field after it.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function unlinkAny(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Returns the code of a system error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

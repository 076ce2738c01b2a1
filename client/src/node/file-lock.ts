// A lock between processes of one machine: a file that names who holds it. One whose holder has died counts for nothing.
//
// It is linked into its place whole, so nobody reads half a name; a process is told from a later one of its number by the
// moment it was started, where the system tells that (Linux).

import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;
let drafts = 0;

/** Takes the lock `path`, waiting for it at most `withinMs`; undefined if somebody else still has it. Call what it gives to let go. */
export async function takeLock(path: string, withinMs: number): Promise<(() => Promise<void>) | undefined> {
  const draft = `${path}.${process.pid}.${drafts++}`;
  const self = `${process.pid} ${await startOf(process.pid)}`;
  await writeFile(draft, self, { mode: 0o600 });
  try {
    for (const deadline = performance.now() + withinMs; ;) {
      if (await linkNew(draft, path)) return () => unlinkAny(path);
      const holder = await readAny(path);
      if (holder !== undefined && (await isGone(holder))) await breakLock(path, holder, `${draft}.stale`);
      else if (performance.now() >= deadline) return undefined;
      else await pause(POLL_MS);
    }
  } finally {
    await unlinkAny(draft);
  }
}

/** Takes away the lock of a dead holder; if it has become another's meanwhile, puts it back. */
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

async function isGone(holder: string): Promise<boolean> {
  const [pid = '', start = ''] = holder.split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
  return start !== (await startOf(Number(pid)));
}

/** When a process was started, in the system's own unit; empty where it does not tell. */
async function startOf(pid: number): Promise<string> {
  const stat = await readAny(`/proc/${pid}/stat`);
  // The name of the program comes second, in brackets, and may hold anything; the start is the 20th after it.
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

/** The name of a system error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

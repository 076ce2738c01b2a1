// One process at a time works on a tree.

import { openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { CliError, EXIT } from '../base/cli-error.ts';
import { codeOf } from './walk-tree.ts';

/** Takes a lock file, also from a process that was killed with it; returns what gives it back. Throws `cli/in-use`. */
export function takeLock(path: string): () => void {
  for (let isSecond = false; ; isSecond = true) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      const owner = codeOf(error) === 'EEXIST' ? ownerOf(path) : undefined;
      if (owner === undefined) throw error;
      if (isSecond || isAlive(owner)) {
        const sentence = `Process ${owner} works on this tree; wait for it, or remove ${path} if it is something else.`;
        throw new CliError('cli/in-use', sentence, EXIT.failed, { cause: error });
      }
      rmSync(path, { force: true });
    }
  }
}

function ownerOf(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

// A lock file, so that only one process migrates a tree at a time.

import { openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { CliError, EXIT } from '../base/cli-error.ts';
import { codeOf } from './walk-tree.ts';

/** Takes a lock file, also one whose process was killed. Returns the function that releases it. Throws `cli/in-use`. */
export function takeLock(path: string): () => void {
  for (let isSecondTry = false; ; isSecondTry = true) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      const owner = codeOf(error) === 'EEXIST' ? ownerOf(path) : undefined;
      if (owner === undefined) throw error;
      if (isSecondTry || isAlive(owner)) {
        const sentence = `Process ${owner} migrates this tree; wait for it, or remove ${path} if that process is another program.`;
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

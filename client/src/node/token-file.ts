// A token in a file that only its owner can read.

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TokenStore } from '../options.ts';

/** Keeps the token of one agent in a file; folders on the way are made. */
export function fileTokenStore(path: string): TokenStore {
  return {
    async load() {
      try {
        return (await readFile(path, 'utf8')).trim() || undefined;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async save(token) {
      await mkdir(dirname(path), { recursive: true });
      // Whole or not at all, whenever the process ends.
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, `${token}\n`, { mode: 0o600 });
      await rename(draft, path);
    },
  };
}

// Token stores in files that only their user can read.

import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { originOf, TokenList, type TokenStore } from '../connection/token-store.ts';
import { codeOf, takeLock } from './file-lock.ts';
import { agoraHome } from './home.ts';

const LOCK_WITHIN_MS = 5_000;
let drafts = 0;

/**
 * Returns a store of one token in a file; missing folders are created. A stored token is never replaced.
 *
 * @example
 * ```ts
 * import { fileTokenStore } from '@agora/client/node';
 *
 * const client = new AgoraClient('Builder', { tokenStore: fileTokenStore('.agora/builder.token') });
 * ```
 */
export function fileTokenStore(path: string): TokenStore {
  return {
    load: async () => (await readText(path)).trim() || undefined,
    async save(token) {
      await makeFolder(path);
      if (await writeNew(path, token)) return token;
      const kept = (await readText(path)).trim();
      if (kept !== '') return kept;
      await writeWhole(path, `${token}\n`);
      return token;
    },
  };
}

/**
 * Returns the default store: one file per server and database in the user's folder (`AGORA_HOME`, else `agora` in
 * `XDG_CONFIG_HOME` or `~/.config`), so that all programs of a user are one identity there.
 */
export function defaultTokenStore(server: string | URL, database: string): TokenStore {
  const path = defaultTokenPath(server, database);
  return new TokenList({
    read: () => readText(path),
    async change(change) {
      await makeFolder(path);
      const release = await takeLock(`${path}.lock`, LOCK_WITHIN_MS);
      if (!release) throw new Error(`${path}.lock is held by another program`);
      try {
        const text = change(await readText(path));
        if (text !== undefined) await writeWhole(path, text);
      } finally {
        await release();
      }
    },
  });
}

/** Returns the path of the file of `defaultTokenStore`. */
export function defaultTokenPath(server: string | URL, database: string): string {
  const { protocol, host } = new URL(originOf(new URL(server)));
  const parts = [protocol.slice(0, -1), host, database].map(encodeURIComponent);
  return join(agoraHome(), 'tokens', ...parts);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return '';
    throw error;
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
}

/** Writes a file atomically. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.${drafts++}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}

/** Writes a file atomically, unless it exists already. */
async function writeNew(path: string, token: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${drafts++}.new`;
  await writeFile(draft, `${token}\n`, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

// Where the token of the user's identity is kept: one file for each server and database, so that all programs of a user are
// one identity there.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TokenStore } from '@agora/client';
import { configFolder } from './config.ts';

/** More servers than this are not at home at one address. */
const MOST = 8;

/** A store whose file can be named. */
export interface KeptToken extends TokenStore {
  readonly path: string;
  /** The server does not accept this token: gives the next to try, if there is one. */
  reject(token: string): Promise<string | undefined>;
  /** The server of this token will not come back. */
  forget(token: string): Promise<void>;
}

/** The tokens for a database: one a line, the newest first, since several servers may have been at one address. */
export function keptToken(
  server: string,
  database: string,
  environment: Readonly<Record<string, string | undefined>>,
): KeptToken {
  const path = join(configFolder(environment), 'tokens', ...partsOf(server, database));
  const rejected = new Set<string>();
  const write = async (lines: readonly string[]) => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}.new`;
    await writeFile(draft, lines.map(line => `${line}\n`).join(''), { mode: 0o600 });
    await rename(draft, path);
  };
  const load = async () => (await readLines(path)).find(line => !rejected.has(line));
  return {
    path,
    load,
    reject(token) {
      rejected.add(token);
      return load();
    },
    save: async token => write([token, ...(await readLines(path))].slice(0, MOST)),
    async forget(token) {
      const left = (await readLines(path)).filter(line => line !== token);
      if (left.length > 0) await write(left);
      else await rm(path, { force: true });
    },
  };
}

/** `localhost` and `[::1]` are the same machine as `127.0.0.1`. */
function partsOf(server: string, database: string): string[] {
  const url = new URL(server);
  if (url.hostname === 'localhost' || url.hostname === '[::1]') url.hostname = '127.0.0.1';
  return [url.protocol.slice(0, -1), url.host, database].map(encodeURIComponent);
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n').filter(line => line.trim() !== '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

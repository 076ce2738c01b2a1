// The ids of messages that a session knows of, in a small file: hooks are processes that end.

import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** More ids than a session sees between two starts. */
const MAX_BYTES = 256 * 1024;

/** The key of an agent's session on a hub. */
export function sessionKey(server: string, agent: string): string {
  return `${server.replace(/\/+$/, '')} ${agent}`;
}

/** Remembers the announced ids of one session. */
export class AnnouncedIds {
  readonly #path: string;

  /** `session` names the session: any text. */
  constructor(home: string, session: string) {
    const name = createHash('sha256').update(session).digest('hex').slice(0, 32);
    this.#path = join(home, 'mcp', 'announced', name);
  }

  /** The ids that were added. */
  async read(): Promise<ReadonlySet<string>> {
    try {
      return new Set((await readFile(this.#path, 'utf8')).split('\n').filter(line => line !== ''));
    } catch {
      // No file yet.
      return new Set();
    }
  }

  /** Adds ids. A file that cannot be written makes a hook repeat itself, which is no reason to fail. */
  async add(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const text = `${ids.join('\n')}\n`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      const size = await stat(this.#path).then(
        found => found.size,
        () => 0,
      );
      if (size > MAX_BYTES) await writeFile(this.#path, text, { mode: 0o600 });
      else await appendFile(this.#path, text, { mode: 0o600 });
    } catch {
      return;
    }
  }

  /** Forgets all ids: a new session starts. */
  async clear(): Promise<void> {
    await writeFile(this.#path, '').catch(() => undefined);
  }

  /** Makes the caller the one waker of the session; returns its turn. */
  async takeTurn(): Promise<string> {
    const turn = `${process.pid} ${Date.now()}`;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await writeFile(this.#turnPath, turn, { mode: 0o600 });
    return turn;
  }

  /** Returns true until a newer waker takes the turn. */
  async hasTurn(turn: string): Promise<boolean> {
    return (await readFile(this.#turnPath, 'utf8').catch(() => turn)) === turn;
  }

  get #turnPath(): string {
    return `${this.#path}.waker`;
  }
}

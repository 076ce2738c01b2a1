// An outbox in a file: an append-only log with one line per change, synced, so that items survive a crash of the machine.
//
// I1  Once `keep` settles, its items are on disk. A torn last line is ignored.
// I2  At most one client has the file open: the lock file beside it names the process.
// I3  The file is compacted (rewritten and replaced atomically) on open, and when most of its lines are obsolete.

import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { AgoraError } from '../base/errors.ts';
import type { KeptItem, OutboxStore } from '../acts/outbox-store.ts';
import { codeOf, takeLock } from './file-lock.ts';

const LOCK_WITHIN_MS = 1_000;
/** Obsolete bytes, beyond the size of the live ones, that cause no compaction. */
const SLACK_BYTES = 1024 * 1024;

const Line = z.union([z.object({ id: z.string(), value: z.json() }), z.object({ forget: z.array(z.string()) })]);

/**
 * Returns an outbox store in a file; missing folders are created. The option `outbox: { file }` is the same.
 *
 * @example
 * ```ts
 * import { fileOutbox } from '@agora/client/node';
 *
 * const client = new AgoraClient('Sensor', { outbox: { store: fileOutbox('.agora/sensor.outbox') } });
 * client.on('outbox', ({ what, id, error }) => console.log(what, id, error?.code));
 * ```
 */
export function fileOutbox(path: string): OutboxStore {
  return new FileOutbox(resolve(path));
}

class FileOutbox implements OutboxStore {
  readonly #path: string;
  readonly #lines = new Map<string, string>();
  #liveBytes = 0;
  #fileBytes = 0;
  #isTorn = false;
  #file: FileHandle | undefined;
  #release: (() => Promise<void>) | undefined;
  /** Changes of the next write. */
  readonly #kept = new Map<string, KeptItem>();
  readonly #forgotten: string[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async open(): Promise<readonly KeptItem[]> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#release = await takeLock(`${this.#path}.lock`, LOCK_WITHIN_MS);
    if (!this.#release) {
      throw new AgoraError('outbox/in-use', `another client has the outbox ${this.#path}; give each its own file`);
    }
    try {
      const items = await this.#read();
      await this.#rewrite();
      return items;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  keep(items: readonly KeptItem[]): Promise<void> {
    for (const item of items) this.#kept.set(item.id, item);
    return this.#changed();
  }

  forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#kept.delete(id);
      this.#forgotten.push(id);
    }
    return this.#changed();
  }

  async close(): Promise<void> {
    await this.#last;
    const [file, release] = [this.#file, this.#release];
    this.#file = undefined;
    this.#release = undefined;
    await file?.close();
    await release?.();
  }

  /** Schedules a write of all changes so far, with one sync. */
  #changed(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#write();
    });
    this.#last = this.#next.catch(() => undefined);
    return this.#next;
  }

  async #write(): Promise<void> {
    const file = this.#file;
    if (!file) throw new AgoraError('client/closed', `the outbox ${this.#path} is closed`);
    const kept = [...this.#kept.values()];
    const forgotten = this.#forgotten.splice(0).filter(id => this.#drop(id));
    this.#kept.clear();
    for (const { id, value } of kept) this.#setLine(id, `${JSON.stringify({ id, value })}\n`);
    if (this.#lines.size === 0) {
      if (this.#fileBytes > 0) await file.truncate(0);
      this.#fileBytes = 0;
      return;
    }
    const lines = kept.map(({ id }) => this.#lines.get(id));
    if (forgotten.length > 0) lines.push(`${JSON.stringify({ forget: forgotten })}\n`);
    // A failed write may leave a partial line, to which no line may be appended.
    if (this.#isTorn || this.#fileBytes > 2 * this.#liveBytes + SLACK_BYTES) return this.#rewrite();
    this.#isTorn = true;
    await this.#append(file, lines.join(''));
    if (kept.length > 0) await file.datasync();
    this.#isTorn = false;
  }

  async #append(file: FileHandle, text: string): Promise<void> {
    await file.appendFile(text);
    this.#fileBytes += Buffer.byteLength(text);
  }

  async #read(): Promise<KeptItem[]> {
    const lines = (await readAny(this.#path)).split('\n');
    const items = new Map<string, KeptItem>();
    for (const [at, text] of lines.entries()) {
      if (text === '') continue;
      const line = readLine(text);
      if (!line) {
        // A torn last line: the crash came before `keep` settled.
        if (at === lines.length - 1) break;
        throw new AgoraError(
          'outbox/unreadable',
          `line ${at + 1} of ${this.#path} cannot be read; repair it, or move the file away`,
        );
      }
      if ('forget' in line) for (const id of line.forget) items.delete(id);
      else items.set(line.id, line);
    }
    for (const { id, value } of items.values()) this.#setLine(id, `${JSON.stringify({ id, value })}\n`);
    return [...items.values()];
  }

  /** Writes the live items to a new file and replaces the old one. */
  async #rewrite(): Promise<void> {
    const draft = `${this.#path}.new`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile([...this.#lines.values()].join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
    await syncFolder(dirname(this.#path));
    await this.#file?.close();
    this.#file = await open(this.#path, 'a', 0o600);
    this.#fileBytes = this.#liveBytes;
    this.#isTorn = false;
  }

  #setLine(id: string, line: string): void {
    const earlier = this.#lines.get(id);
    this.#lines.set(id, line);
    this.#liveBytes += Buffer.byteLength(line) - Buffer.byteLength(earlier ?? '');
  }

  #drop(id: string): boolean {
    const line = this.#lines.get(id);
    this.#liveBytes -= Buffer.byteLength(line ?? '');
    return this.#lines.delete(id);
  }
}

function readLine(text: string): z.infer<typeof Line> | undefined {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function readAny(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/** A new file name is durable once its folder is synced. Windows can neither open a folder nor needs to. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (codeOf(error) !== 'EISDIR' && codeOf(error) !== 'EPERM') throw error;
  }
}

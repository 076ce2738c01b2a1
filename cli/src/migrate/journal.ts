// A write-ahead journal of the files being sent, so that a run after a crash sends no message twice.
//
// I1  The message id of a file is on disk before the message is sent. After a crash, a file with the same path and content
//     is sent with the same id, so the hub accepts it once (idempotency key).
// I2  The target path of a file is chosen together with its id, and is free at that time. A file at the target after a crash
//     has been moved there; a file at the old path is a new one.

import { createReadStream, existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A file being sent. */
export interface Sending {
  readonly path: string;
  /** Digest of the content. */
  readonly digest: string;
  readonly id: string;
  /** The path to move the file to when the hub has accepted it. */
  readonly target: string;
}

/** A file of an earlier run whose outcome is unknown, or that was sent but not moved. */
export interface Pending extends Sending {
  readonly isAccepted: boolean;
}

const Line = z.union([
  z.object({
    sending: z.array(z.object({ path: z.string(), digest: z.string(), id: z.string(), target: z.string() })),
  }),
  z.object({ accepted: z.array(z.string()) }),
  z.object({ settled: z.array(z.string()) }),
]);

/** The journal of a tree; only one process may write it at a time. */
export class Journal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #pending: Map<string, Pending>;

  private constructor(file: FileHandle, pending: Map<string, Pending>) {
    this.#file = file;
    this.#pending = pending;
  }

  /** Opens a journal and reads the pending files of earlier runs. `isMoved` returns true if a file exists at the target. */
  static async open(path: string, isMoved: (target: string) => boolean): Promise<Journal> {
    const pending = new Map<string, Pending>();
    const isNew = !existsSync(path);
    if (!isNew) await readPending(path, pending);
    for (const { path: file, target } of [...pending.values()]) if (isMoved(target)) pending.delete(file);
    const file = await open(path, 'a');
    if (isNew) await syncFolder(dirname(path));
    // Ends a line that a crash may have truncated. No message was sent on the strength of such a line.
    else await file.write('\n');
    return new Journal(file, pending);
  }

  /** The pending entry of an earlier run, if the content of the file is unchanged. */
  pending(path: string, digest: string): Pending | undefined {
    const known = this.#pending.get(path);
    return known?.digest === digest ? known : undefined;
  }

  /** The target paths of all pending files. */
  targets(): string[] {
    return [...this.#pending.values()].map(({ target }) => target);
  }

  /** Records files before they are sent. Settles when the record is on disk. */
  async sending(files: readonly Sending[]): Promise<void> {
    if (files.length === 0) return;
    await this.#append({ sending: files });
    await this.#file.datasync();
  }

  /** Records that the hub has accepted these messages. */
  async accepted(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#append({ accepted: ids });
  }

  /** Records that these files are done: moved, or refused permanently. */
  async settled(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#append({ settled: ids });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #append(line: object): Promise<void> {
    await this.#file.write(`${JSON.stringify(line)}\n`);
  }
}

/** Makes the directory entry of a new file durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Reads a journal line by line, and keeps only pending files in memory. */
async function readPending(path: string, pending: Map<string, Pending>): Promise<void> {
  const paths = new Map<string, string>();
  for await (const text of createInterface({ input: createReadStream(path, 'utf8') })) {
    const line = parseLine(text);
    if (!line) continue;
    if ('sending' in line) {
      for (const file of line.sending) {
        paths.set(file.id, file.path);
        pending.set(file.path, { ...file, isAccepted: false });
      }
      continue;
    }
    for (const id of 'accepted' in line ? line.accepted : line.settled) {
      const file = paths.get(id);
      const known = file === undefined ? undefined : pending.get(file);
      if (known?.id !== id) continue;
      if ('accepted' in line) pending.set(known.path, { ...known, isAccepted: true });
      else {
        pending.delete(known.path);
        paths.delete(id);
      }
    }
  }
}

function parseLine(text: string): z.infer<typeof Line> | undefined {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

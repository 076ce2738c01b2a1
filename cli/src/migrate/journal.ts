// What is being sent, written down before it is: so that a run after a crash sends nothing twice.
//
// I1  A file's id is on disk before its message leaves. After a crash the same file, with the same content, is sent under
//     the same id, and the hub takes it once.
// I2  Where a file will be moved is chosen, free, with its id. What is there after a crash was moved; a file of the old
//     name is another one.

import { createReadStream, existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A file on its way. */
export interface Sending {
  readonly path: string;
  /** Of its content. */
  readonly digest: string;
  readonly id: string;
  /** Where it goes when the hub has it. */
  readonly target: string;
}

/** A file of an earlier run whose end is not known, or that is sent but not moved. */
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

/** The journal of a tree. One process writes it at a time. */
export class Journal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #pending: Map<string, Pending>;

  private constructor(file: FileHandle, pending: Map<string, Pending>) {
    this.#file = file;
    this.#pending = pending;
  }

  /** Opens a journal, and reads what earlier runs left open. `isMoved` tells whether a file lies at its target. */
  static async open(path: string, isMoved: (target: string) => boolean): Promise<Journal> {
    const pending = new Map<string, Pending>();
    const isNew = !existsSync(path);
    if (!isNew) await readPending(path, pending);
    for (const { path: file, target } of [...pending.values()]) if (isMoved(target)) pending.delete(file);
    const file = await open(path, 'a');
    if (isNew) await syncFolder(dirname(path));
    // A line that a crash cut short was never relied on; the next one begins anew.
    else await file.write('\n');
    return new Journal(file, pending);
  }

  /** What is known of a file from an earlier run. */
  pending(path: string, digest: string): Pending | undefined {
    const known = this.#pending.get(path);
    return known?.digest === digest ? known : undefined;
  }

  /** Where files of earlier runs are to go. */
  targets(): string[] {
    return [...this.#pending.values()].map(({ target }) => target);
  }

  /** Writes down what is about to be sent; it is on disk when this settles. */
  async sending(files: readonly Sending[]): Promise<void> {
    if (files.length === 0) return;
    await this.#append({ sending: files });
    await this.#file.datasync();
  }

  /** The hub has these. */
  async accepted(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#append({ accepted: ids });
  }

  /** Nothing more is to be done for these: moved, or refused for good. */
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

/** Has the name of a new file last. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Reads a journal line by line; holds only what is open. */
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

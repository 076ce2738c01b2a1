// Moves what was sent to the same place below `.migrated`.

import { existsSync, type Stats } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, MIGRATED } from './walk-tree.ts';

/** Tells a file from what it was before somebody wrote to it. */
export function versionOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`;
}

/** A file that goes to its target, as it was when it was read. */
interface Moved {
  readonly path: string;
  readonly target: string;
  readonly version: string;
}

/** Finds targets for files, and moves them there. */
export class Mover {
  readonly #root: string;
  readonly #made = new Set<string>();
  /** Targets that are promised and not there yet. */
  readonly #promised: Set<string>;

  constructor(root: string, promised: Iterable<string>) {
    this.#root = root;
    this.#promised = new Set(promised);
  }

  /** Where a file will go: its own place, or one beside it that is free. */
  targetOf(path: string): string {
    for (let copy = 1; ; copy++) {
      const target = `${MIGRATED}/${copy === 1 ? path : path.replace(/(\.[^./]*)?$/, `.${copy}$1`)}`;
      if (this.#promised.has(target) || existsSync(join(this.#root, target))) continue;
      this.#promised.add(target);
      return target;
    }
  }

  /** Returns why it was not moved. */
  async move(file: Moved): Promise<{ code: string; reason: string } | undefined> {
    const { path, version, target } = file;
    const from = join(this.#root, path);
    const to = join(this.#root, target);
    try {
      if (versionOf(await stat(from)) !== version) {
        return {
          code: 'file/changed',
          reason: 'was written to while it was sent; what it says now is another message',
        };
      }
      const folder = dirname(to);
      if (!this.#made.has(folder)) await mkdir(folder, { recursive: true });
      this.#made.add(folder);
      await rename(from, to).catch(async (error: unknown) => {
        if (codeOf(error) !== 'EXDEV') throw error;
        await copyAway(from, to);
      });
      return undefined;
    } catch (error) {
      return { code: 'file/unmoved', reason: `was sent, but cannot be moved to ${target} (${codeOf(error)})` };
    } finally {
      this.#promised.delete(target);
    }
  }
}

/** To another file system: whole under its name, or not there. */
async function copyAway(from: string, to: string): Promise<void> {
  const draft = `${to}.draft`;
  await copyFile(from, draft);
  const { atime, mtime } = await stat(from);
  const file = await open(draft, 'r+');
  try {
    await file.utimes(atime, mtime);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, to);
  await rm(from);
}

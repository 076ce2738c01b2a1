// Moves sent files to the same path below `.migrated`.

import { existsSync, type Stats } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MoveProblem } from './types.ts';
import { codeOf, MIGRATED } from './walk-tree.ts';

/** A text that changes when the file is replaced or written to. */
export function versionOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs}`;
}

/** A file to move, with its version when it was read. */
interface FileMove {
  readonly path: string;
  readonly target: string;
  readonly version: string;
}

/** Chooses free target paths, and moves files to them. */
export class Mover {
  readonly #root: string;
  readonly #folders = new Set<string>();
  /** Chosen targets without a file yet. */
  readonly #reserved: Set<string>;

  constructor(root: string, reserved: Iterable<string>) {
    this.#root = root;
    this.#reserved = new Set(reserved);
  }

  /** Reserves a target for a file: the same path, or the same path with a number if that is taken. */
  targetOf(path: string): string {
    for (let copy = 1; ; copy++) {
      const target = `${MIGRATED}/${copy === 1 ? path : path.replace(/(\.[^./]*)?$/, `.${copy}$1`)}`;
      if (this.#reserved.has(target) || existsSync(join(this.#root, target))) continue;
      this.#reserved.add(target);
      return target;
    }
  }

  /** Moves a file to its target. Returns why it was not moved, or undefined. */
  async move(file: FileMove): Promise<MoveProblem | undefined> {
    const { path, version, target } = file;
    const from = join(this.#root, path);
    const to = join(this.#root, target);
    try {
      if (versionOf(await stat(from)) !== version) {
        return {
          code: 'file/changed',
          reason: 'changed while it was sent; the new content is another message',
        };
      }
      const folder = dirname(to);
      if (!this.#folders.has(folder)) await mkdir(folder, { recursive: true });
      this.#folders.add(folder);
      await rename(from, to).catch(async (error: unknown) => {
        if (codeOf(error) !== 'EXDEV') throw error;
        await copyAway(from, to);
      });
      return undefined;
    } catch (error) {
      return { code: 'file/unmoved', reason: `was sent, but cannot be moved to ${target} (${codeOf(error)})` };
    } finally {
      this.#reserved.delete(target);
    }
  }
}

/** Moves a file to another file system; the target name appears only when the copy is complete. */
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

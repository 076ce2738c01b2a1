// Walks an inbox tree, folder by folder in the order of names. Links are not followed, so there are no loops. Only the names
// of the folders on the current path are in memory.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that may be a message, or an entry that is none; `path` is relative to the tree, with `/`. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'left'; readonly path: string; readonly code: string; readonly reason: string }
  | { readonly kind: 'skipped'; readonly path: string; readonly reason: string };

/** The folder of sent files. */
export const MIGRATED = '.migrated';

/** Names of folders whose messages have been handled. */
const HANDLED = new Set(
  'processed done archive archived handled completed sent read cur trash deleted backup'.split(' '),
);
const UNFINISHED = /(~|\.(tmp|temp|part|partial|swp|lock|crdownload))$/i;

/** Walks a tree. Skips folders of handled messages unless `handledToo` is set. */
export async function* walk(root: string, options: { readonly handledToo: boolean }): AsyncGenerator<TreeEntry, void> {
  yield* walkFolder('');

  async function* walkFolder(folder: string): AsyncGenerator<TreeEntry, void> {
    let found;
    try {
      found = await readdir(join(root, folder), { withFileTypes: true });
    } catch (error) {
      yield { kind: 'left', path: folder || '.', code: 'file/unreadable', reason: `cannot be read (${codeOf(error)})` };
      return;
    }
    found.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const each of found) {
      const path = folder === '' ? each.name : `${folder}/${each.name}`;
      if (path === MIGRATED) continue;
      if (each.name.startsWith('.')) yield { kind: 'skipped', path, reason: 'is hidden' };
      else if (each.isSymbolicLink()) {
        yield { kind: 'left', path, code: 'file/link', reason: 'is a symbolic link; links are not followed' };
      } else if (each.isDirectory()) {
        if (HANDLED.has(each.name.toLowerCase()) && !options.handledToo) {
          yield { kind: 'skipped', path, reason: 'is a folder of handled messages (use --handled-too to send them)' };
        } else yield* walkFolder(path);
      } else if (!each.isFile()) {
        yield { kind: 'left', path, code: 'file/not-a-file', reason: 'is a pipe, a socket or a device' };
      } else if (UNFINISHED.test(each.name)) yield { kind: 'skipped', path, reason: 'is unfinished, by its name' };
      else yield { kind: 'file', path };
    }
  }
}

/** The error code of the system: `ENOENT`, …. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

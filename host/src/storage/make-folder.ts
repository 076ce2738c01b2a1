// Folders on the way to a path, made one by one: Node's own recursive `mkdir` never returns below `/proc`, where the
// system says "no such folder" about a folder whose parent is there.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Makes a folder and those above it; does nothing if it is there. Throws what `mkdir` throws. */
export function makeFolder(path: string, mode = 0o777): void {
  const folder = resolve(path);
  const missing: string[] = [];
  for (let above = folder; !existsSync(above) && above !== dirname(above); above = dirname(above)) missing.push(above);
  for (const each of missing.reverse()) mkdirSync(each, { mode });
}

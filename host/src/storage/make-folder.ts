// Recursive creation of folders, one by one: Node's recursive `mkdir` never returns below `/proc`, where the system
// reports "no such folder" for a folder whose parent exists.

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Creates a folder and its parents; a no-op if it exists. Throws the errors of `mkdir`. */
export function makeFolder(path: string, mode = 0o777): void {
  const folder = resolve(path);
  const missing: string[] = [];
  for (let above = folder; !existsSync(above) && above !== dirname(above); above = dirname(above)) missing.push(above);
  for (const each of missing.reverse()) mkdirSync(each, { mode });
}

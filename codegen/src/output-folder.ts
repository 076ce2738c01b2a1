// Output folder: writes and deletes generated files only.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { type GeneratedFiles } from './bindings/generate-bindings.ts';
import { GENERATED_MARK } from './bindings/headers.ts';

/** Differences between a folder and the generated files: sorted paths with `/` between folders. */
export interface Drift {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Files that were generated earlier and are no longer. */
  readonly stale: readonly string[];
}

/** Compares a folder with generated files; ignores files without the mark of the generator. */
export async function compareFolder(folder: string, files: GeneratedFiles): Promise<Drift> {
  const existing = await readTree(folder);
  const names = [...files.keys()].sort();
  return {
    missing: names.filter(name => !existing.has(name)),
    changed: names.filter(name => existing.has(name) && existing.get(name) !== files.get(name)),
    stale: [...existing].flatMap(([name, text]) => (isGenerated(text) && !files.has(name) ? [name] : [])).sort(),
  };
}

/** Writes missing and changed files, deletes stale ones, and leaves all others untouched. */
export async function updateFolder(folder: string, files: GeneratedFiles): Promise<Drift> {
  const drift = await compareFolder(folder, files);
  for (const name of [...drift.missing, ...drift.changed]) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, files.get(name) ?? '');
  }
  for (const name of drift.stale) await rm(join(folder, name));
  return drift;
}

/** The TypeScript files below a folder by their path; none if the folder does not exist. */
export async function readTree(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readEntries(folder)) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    files.set(relative(folder, path).split(sep).join('/'), await readFile(path, 'utf8'));
  }
  return files;
}

async function readEntries(folder: string) {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

function isGenerated(text: string): boolean {
  return text.startsWith(GENERATED_MARK);
}

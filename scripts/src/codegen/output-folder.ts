// A folder of generated files, brought in line with what was generated and touched nowhere else.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { type GeneratedFiles } from './generate.ts';
import { GENERATED_MARK } from './headers.ts';

/** How a folder differs from what was generated; paths have `/` between folders, sorted. */
export interface Drift {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Files that were generated once and are no longer. */
  readonly stale: readonly string[];
}

/** Compares a folder with generated files; files that were not generated are none of its business. */
export async function compareFolder(folder: string, files: GeneratedFiles): Promise<Drift> {
  const existing = await readTree(folder);
  const names = [...files.keys()].sort();
  return {
    missing: names.filter(name => !existing.has(name)),
    changed: names.filter(name => existing.has(name) && existing.get(name) !== files.get(name)),
    stale: [...existing].flatMap(([name, text]) => (isGenerated(text) && !files.has(name) ? [name] : [])).sort(),
  };
}

/** Writes what is missing or changed and deletes what is stale; every other file keeps its time of change. */
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

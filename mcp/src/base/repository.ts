// The repository of a folder. Claims of its files begin with its name, so that those of other repositories do not conflict.

import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, dirname, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Git repository, and the folder in which a program runs. */
export interface Repository {
  /** The working tree. */
  readonly root: string;
  /** Equal in all clones and working trees: `agora.repository` of the Git configuration, or the last part of the origin. */
  readonly name: string;
}

/** Returns the repository of a folder, or undefined if there is none. */
export async function repositoryOf(cwd: string): Promise<Repository | undefined> {
  const root = await git(cwd, 'rev-parse', '--show-toplevel');
  if (root === undefined) return undefined;
  const configured = await git(cwd, 'config', '--get', 'agora.repository');
  const origin = await git(cwd, 'config', '--get', 'remote.origin.url');
  // Of a linked working tree: the folder of the main one.
  const shared = (await git(cwd, 'rev-parse', '--path-format=absolute', '--git-common-dir')) ?? root;
  const main = basename(shared) === '.git' ? dirname(shared) : root;
  const name = configured ?? basename((origin ?? main).replace(/[\\/]+$/, '').replace(/\.git$/, ''));
  return { root, name: name.replace(/[^A-Za-z0-9_.-]/g, '_') };
}

/** Runs Git and returns its output without the last line end; undefined if it fails. */
export async function git(cwd: string, ...words: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', words, { cwd, maxBuffer: 64 * 1024 * 1024 });
    const text = stdout.replace(/\n$/, '');
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * Returns the path of a claim for a path or a pattern as it was typed in `cwd`: relative to the repository, after its name. A
 * folder stands for all in it. Returns undefined for a path outside of the repository.
 */
export function claimPath(repository: Repository | undefined, cwd: string, typed: string): string | undefined {
  const root = repository?.root ?? cwd;
  const path = resolve(cwd, typed);
  const inside = relative(root, path).split(sep).join('/');
  if (inside === '..' || inside.startsWith('../')) return undefined;
  const isFolder = typed.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const parts = [repository?.name, inside, isFolder ? '**' : undefined];
  return parts.filter(part => part !== undefined && part !== '').join('/');
}

/** Returns the path of a claim as it is typed at the root of its repository. */
export function shownPath(repository: Repository | undefined, key: string): string {
  const prefix = `${repository?.name ?? ''}/`;
  return repository && key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

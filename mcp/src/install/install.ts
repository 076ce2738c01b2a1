// Installation into the settings of a client: idempotent, with a copy of each file that changes, and everything of others kept.

import { copyFile, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  INSTALL_CLIENTS,
  type InstallClient,
  type InstallClientName,
  type Program,
  type UserPlaces,
} from './clients.ts';
import { readText } from './json-file.ts';

/** One settings file, before and after. */
export interface PlannedFile {
  readonly path: string;
  readonly before: string | undefined;
  /** Undefined if nothing is left of the file. */
  readonly after: string | undefined;
}

/** What an installation changes. */
export interface InstallPlan {
  readonly title: string;
  /** Files that change; none if it is installed already. */
  readonly files: readonly PlannedFile[];
  readonly steps: readonly string[];
}

/** Plans the installation of `program`, or, without one, its removal. Throws `SettingsError`; changes nothing. */
export async function planInstall(
  name: InstallClientName,
  places: UserPlaces,
  program: Program | undefined,
): Promise<InstallPlan> {
  const { title, files, steps }: InstallClient = INSTALL_CLIENTS[name];
  const texts = new Map<string, { readonly before: string | undefined; after: string | undefined }>();
  for (const { path, change } of files(places)) {
    let text = texts.get(path);
    if (!text) {
      const before = await readText(path);
      text = { before, after: before };
      texts.set(path, text);
    }
    text.after = change(text.after, program);
  }
  const changed = [...texts].filter(([, { before, after }]) => before !== after);
  return { title, files: changed.map(([path, text]) => ({ path, ...text })), steps: program ? steps : [] };
}

/** Writes the planned files. Returns the copies of the old ones. */
export async function applyPlan({ files }: InstallPlan): Promise<string[]> {
  const copies: string[] = [];
  for (const { path, before, after } of files) {
    // A link stays a link: the file that it leads to changes.
    const target = before === undefined ? path : await realpath(path);
    if (before !== undefined) {
      const copy = `${target}.before-agora`;
      await copyFile(target, copy);
      copies.push(copy);
    }
    if (after === undefined) await rm(target, { force: true });
    else await replaceFile(target, after);
  }
  return copies;
}

/** Whole or not at all. */
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const mode = await stat(path).then(
    found => found.mode & 0o777,
    () => 0o600,
  );
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, text, { mode });
  await rename(draft, path);
}

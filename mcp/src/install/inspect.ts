// A look at an installation, for `agora doctor`.

import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  INSTALL_CLIENTS,
  SERVER_NAME,
  type InstallClient,
  type InstallClientName,
  type Program,
  type UserPlaces,
} from './clients.ts';
import { planInstall } from './install.ts';
import { readText, SettingsError } from './json-file.ts';

/** The state of one client. */
export interface Inspection {
  readonly title: string;
  /** `other`: it is installed, but starts another program, or names another hub. */
  readonly state: 'installed' | 'other' | 'absent' | 'unreadable';
  /** True if the client has settings of this user. */
  readonly isClientFound: boolean;
  /** The first fault, then its fix. */
  readonly faults: readonly string[];
}

/** Looks at the settings of a client; changes nothing. */
export async function inspectInstall(
  name: InstallClientName,
  places: UserPlaces,
  program: Program,
): Promise<Inspection> {
  const { title, files }: InstallClient = INSTALL_CLIENTS[name];
  const paths = files(places).map(({ path }) => path);
  const isClientFound = (await Promise.all(paths.map(path => exists(dirname(path))))).includes(true);
  const shared = { title, isClientFound };
  try {
    const removal = await planInstall(name, places, undefined);
    if (removal.files.length === 0) return { ...shared, state: 'absent', faults: [] };
    const plan = await planInstall(name, places, program);
    if (plan.files.length > 0) return { ...shared, state: 'other', faults: [] };
    return { ...shared, state: 'installed', faults: name === 'codex' ? await codexFaults(paths) : [] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { ...shared, state: 'unreadable', faults: [error.message] };
  }
}

/** Codex records the hooks that the user trusts in its configuration, and runs no other. */
async function codexFaults(paths: readonly string[]): Promise<string[]> {
  const config = (await readText(paths[0] ?? '')) ?? '';
  const isTrusted = /^\s*\[hooks\.state/m.test(config) && config.includes(paths[1] ?? SERVER_NAME);
  if (isTrusted) return [];
  return [
    'its hooks are not trusted, so Codex does not run them',
    'Start Codex, open /hooks, and trust those of agora.',
  ];
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

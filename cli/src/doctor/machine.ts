// Checks of this machine: Node.js, settings, and the folders of tokens and data.

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defaultTokenPath } from '@agora/client/node';
import { dataFolder } from '../base/settings.ts';
import { fault, ok, warning, type Finding, type Setup } from './finding.ts';

const MIN_NODE = [22, 12] as const;

/** Checks Node.js, the settings and the folders. */
export async function* checkMachine(setup: Setup): AsyncGenerator<Finding, void> {
  yield nodeVersion();
  yield settings(setup);
  yield await tokenFile(setup);
  yield await data(setup);
}

function nodeVersion(): Finding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [minMajor, minMinor] = MIN_NODE;
  const isNew = major > minMajor || (major === minMajor && minor >= minMinor);
  return isNew
    ? ok('node', `Node.js ${node}`)
    : fault('node', `Node.js ${node} is too old`, `Install Node.js ${minMajor}.${minMinor} or newer.`);
}

function settings({ context }: Setup): Finding {
  const { server, database, agent, sources } = context.settings;
  const parts = [
    `server ${server} (${sources.server ?? ''})`,
    `database ${database} (${sources.database ?? ''})`,
    ...(sources.token === undefined ? [] : [`a token (${sources.token})`]),
    ...(agent === undefined ? [] : [`agent ${agent} (${sources.agent ?? ''})`]),
  ];
  return ok('settings', parts.join(', '));
}

async function tokenFile({ context }: Setup): Promise<Finding> {
  const { server, database } = context.settings;
  const path = defaultTokenPath(server, database);
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    const folder = await nearestFolder(path);
    if (await isWritable(folder)) return ok('tokens', `none is stored yet; it will be ${path}`);
    const fix = `Make ${folder} writable, or set AGORA_HOME to a folder that is.`;
    return fault('tokens', `no token can be stored, since ${folder} cannot be written`, fix);
  }
  if ((found.mode & 0o077) !== 0) return warning('tokens', `others can read ${path}`, `chmod 600 ${path}`);
  return ok('tokens', `kept in ${path}`);
}

/** Checks the data folder of a hub on this machine. */
async function data({ context }: Setup): Promise<Finding> {
  const folder = dataFolder(context.io.environment);
  if (!(await stat(folder).catch(() => undefined))) {
    const parent = await nearestFolder(folder);
    if (await isWritable(parent)) return ok('data', `none yet; \`agora up\` creates ${folder}`);
    return warning(
      'data',
      `${folder} cannot be created`,
      'Give `agora up` another folder: --data-dir, or AGORA_DATA_DIR.',
    );
  }
  if (!(await isWritable(folder))) {
    return warning(
      'data',
      `${folder} cannot be written`,
      'Give `agora up` another folder: --data-dir, or AGORA_DATA_DIR.',
    );
  }
  const { folderHolder } = await import('@agora/host');
  const pid = folderHolder(folder);
  return ok('data', `${folder}${pid === undefined ? '' : `, in use by process ${pid}`}`);
}

/** The nearest parent folder that exists. */
async function nearestFolder(path: string): Promise<string> {
  let folder = dirname(path);
  while (dirname(folder) !== folder && !(await stat(folder).catch(() => undefined))) folder = dirname(folder);
  return folder;
}

function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

// This machine: Node.js, settings, the folders where tokens and data are kept.

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defaultTokenPath } from '@agora/client/node';
import { dataFolder } from '../base/settings.ts';
import { fault, ok, warning, type Finding, type Patient } from './finding.ts';

const OLDEST_NODE = [22, 12] as const;

/** Looks at Node.js, the settings and the folders. */
export async function* examineMachine(patient: Patient): AsyncGenerator<Finding, void> {
  yield nodeVersion();
  yield settings(patient);
  yield await tokenFile(patient);
  yield await data(patient);
}

function nodeVersion(): Finding {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [oldest, least] = OLDEST_NODE;
  const isNew = major > oldest || (major === oldest && minor >= least);
  return isNew
    ? ok('node', `Node.js ${node}`)
    : fault('node', `Node.js ${node} is too old`, `Install Node.js ${oldest}.${least} or newer.`);
}

function settings({ context }: Patient): Finding {
  const { server, database, agent, sources } = context.settings;
  const parts = [
    `server ${server} (${sources.server ?? ''})`,
    `database ${database} (${sources.database ?? ''})`,
    ...(sources.token === undefined ? [] : [`a token (${sources.token})`]),
    ...(agent === undefined ? [] : [`agent ${agent} (${sources.agent ?? ''})`]),
  ];
  return ok('settings', parts.join(', '));
}

async function tokenFile({ context }: Patient): Promise<Finding> {
  const { server, database } = context.settings;
  const path = defaultTokenPath(server, database);
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    const folder = await firstThatExists(path);
    if (await isWritable(folder)) return ok('tokens', `none is kept yet; it will be ${path}`);
    const fix = `Make ${folder} writable, or set AGORA_HOME to a folder that is.`;
    return fault('tokens', `no token can be kept, since ${folder} cannot be written`, fix);
  }
  if ((found.mode & 0o077) !== 0) return warning('tokens', `others can read ${path}`, `chmod 600 ${path}`);
  return ok('tokens', `kept in ${path}`);
}

/** Where a hub of this machine keeps its rows. */
async function data({ context }: Patient): Promise<Finding> {
  const folder = dataFolder(context.world.environment);
  if (!(await stat(folder).catch(() => undefined))) {
    const parent = await firstThatExists(folder);
    if (await isWritable(parent)) return ok('data', `none yet; \`agora up\` makes ${folder}`);
    return warning(
      'data',
      `${folder} cannot be made`,
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

async function firstThatExists(path: string): Promise<string> {
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

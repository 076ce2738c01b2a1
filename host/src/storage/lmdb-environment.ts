// How every LMDB environment of a data folder is opened; STORAGE.md says why. It knows little else, as the process that
// checks a folder begins with it.

import { open, type RootDatabase } from 'lmdb';
import { MAP_BYTES } from './address-space.ts';
import { makeFolder } from './make-folder.ts';

/** The file that an environment is, in its folder. */
export const DATA_FILE = 'data.mdb';

/** An environment with its unnamed database. */
export type Environment = RootDatabase<Buffer, string>;

/** Opens the environment in a folder, and makes it if need be, unless it is only to be read. Throws what LMDB says. */
export function openEnvironment(path: string, readOnly = false): Environment {
  if (!readOnly) makeFolder(path, 0o700);
  const batching = { overlappingSync: false, eventTurnBatching: false };
  const options = {
    path,
    encoding: 'binary',
    permissionsMode: 0o600,
    maxDbs: 4,
    mapSize: MAP_BYTES,
    ...batching,
  } as const;
  return open<Buffer, string>({ ...options, readOnly });
}

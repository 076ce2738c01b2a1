// Opens the LMDB environments of a data folder; STORAGE.md gives the reasons for the options. It imports little, because the
// check process starts with it.

import { open, type RootDatabase } from 'lmdb';
import { MAP_BYTES } from './address-space.ts';
import { makeFolder } from './make-folder.ts';

/** The file of an environment, in its folder. */
export const DATA_FILE = 'data.mdb';

/** An environment with its unnamed database. */
export type Environment = RootDatabase<Buffer, string>;

/** Opens the environment in a folder and creates it if it is missing, unless it is read-only. Throws errors of LMDB. */
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

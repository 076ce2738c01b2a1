// Whether there is room to map files of LMDB. It does not ask itself: where mapping fails, it ends the process.

import { readFileSync } from 'node:fs';
import { HostError } from '../errors.ts';

/**
 * Address space that each environment takes when it is opened; memory and disk are used as rows come. A map that is full
 * would be replaced by one of twice the size, at any moment; so there is room for more than fits into a memory from the
 * start. A thousand databases fit into the 47 bits of a process.
 */
export const MAP_BYTES = 64 * 2 ** 30;

/** Throws `storage/no-room` when the operator limits the address space of this process (`ulimit -v`) to less than two maps. */
export function refuseLimitedAddressSpace(): void {
  const limit = addressSpaceLimit();
  if (limit === undefined || limit >= 2 * MAP_BYTES) return;
  const gib = (bytes: number): string => `${Math.floor(bytes / 2 ** 30)} GiB`;
  throw new HostError(
    'storage/no-room',
    `this process may use ${gib(limit)} of address space (ulimit -v), and each database needs ${gib(MAP_BYTES)} of it, ` +
      'though not of memory: lift the limit, or bound the memory instead (a container, or systemd MemoryMax=)',
  );
}

/** In bytes; undefined where there is none, or where the system does not tell. */
function addressSpaceLimit(): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const soft = /^Max address space +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

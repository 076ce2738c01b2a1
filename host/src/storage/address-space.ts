// Check of the address space for LMDB maps. LMDB itself does not check: it ends the process if mapping fails.

import { readFileSync } from 'node:fs';
import { HostError } from '../errors.ts';

/**
 * Address space of each open environment; memory and disk are used only as rows arrive. LMDB would replace a full map by
 * one of twice the size at any moment, so a map is larger than the memory of a machine from the start. A thousand
 * databases fit into the 47 bits of a process.
 */
export const MAP_BYTES = 64 * 2 ** 30;

/** Throws `storage/no-room` if the address space of this process is limited (`ulimit -v`) to less than two maps. */
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

/** In bytes; undefined if there is no limit, or the system does not report it. */
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

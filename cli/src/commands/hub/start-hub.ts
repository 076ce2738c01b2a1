// Start of a hub from the command line: a failure becomes a sentence that names the flags.

import { HostError, type HostOptions } from '@agora/host';
import { type Hub, HubError, startHub as start } from '@agora/hub';
import { CliError, EXIT } from '../../base/cli-error.ts';

export type { Hub } from '@agora/hub';

/** Options of `agora up`. */
export interface HubOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly hostname: string;
  /** Undefined keeps the data in memory. */
  readonly dataDir: string | undefined;
  readonly database: string;
  /** Who may publish besides the owner; by default no other caller. */
  readonly allowPublish?: 'local' | 'anyone' | undefined;
  /** Origins whose pages may use the hub, besides its own. */
  readonly allowOrigins?: readonly string[];
  /** Routes of other packages on the port of the hub. */
  readonly routes?: HostOptions['routes'];
  /** Receives sentences for operators. */
  readonly log: (message: string) => void;
}

/** Starts a hub. Throws a `CliError` whose sentence names the flag that helps. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { dataDir, allowPublish, ...rest } = options;
  try {
    return await start({ ...rest, ...(dataDir !== undefined && { dataDir }), ...(allowPublish && { allowPublish }) });
  } catch (thrown) {
    if (thrown instanceof HubError) throw new CliError('cli/not-built', thrown.message, EXIT.failed, { cause: thrown });
    if (thrown instanceof HostError) throw toCliError(thrown, options);
    throw thrown;
  }
}

function toCliError(cause: HostError, { port, hostname, dataDir }: HubOptions): CliError {
  return new CliError('cli/hub-failed', sentence(), EXIT.failed, { cause });

  function sentence(): string {
    switch (cause.code) {
      case 'host/port-in-use':
        return `Port ${port} on ${hostname} is in use; stop the program that listens there or choose another port with --port.`;
      case 'host/cannot-listen':
        return `The hub cannot listen on ${hostname}, port ${port}: ${cause.message}.`;
      case 'storage/folder-in-use':
        return `The data folder ${dataDir} is in use by another process; stop it or choose another with --data-dir.`;
      case 'storage/folder-unwritable':
        return `The data folder ${dataDir} cannot be written; choose another with --data-dir, or use --in-memory.`;
      case 'publish/incompatible':
        return `The data in ${dataDir} belongs to another version of the module (${cause.message}); choose another folder with --data-dir.`;
      default:
        return `The hub could not start: ${cause.message} (${cause.code}).`;
    }
  }
}

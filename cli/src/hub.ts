// A hub: the embedded host with the module published as the database `agora`.

import { readFile } from 'node:fs/promises';
import { type Host, HostError, startHost } from '@agora/host';
import { bundleUrl } from '@agora/module/bundle';
import { CliError, EXIT } from './base/cli-error.ts';

export { CliError } from './base/cli-error.ts';

/** The name of the database that clients ask for. */
export const DATABASE = 'agora';

/** Where a hub listens, and where it keeps what it knows. */
export interface HubOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly hostname: string;
  /** Where the hub keeps its keys and rows; without it they last as long as the process. */
  readonly dataDir: string | undefined;
  /** The name of the database; by default `agora`. */
  readonly database?: string;
  /** Hears what an operator should know; silent by default. */
  readonly log?: (message: string) => void;
}

/** A hub that runs in this process. */
export interface Hub {
  readonly url: string;
  /** Of the identity that owns the database, and may read all of it by SQL. */
  readonly ownerToken: string;
  /** Ends connections and writes what is unwritten; may be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a host and publishes the built module on it, or updates it there. Throws a `CliError` that says in one sentence
 * what a person can do about it.
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const bundle = await readBundle();
  const { port, hostname, dataDir, log, database = DATABASE } = options;
  let host: Host | undefined;
  try {
    host = await startHost({ port, hostname, ...(dataDir && { dataDir }), ...(log && { log }) });
    await host.publish(database, bundle);
  } catch (thrown) {
    await host?.close();
    throw thrown instanceof HostError ? refusal(thrown, options) : thrown;
  }
  const running = host;
  return { url: running.url, ownerToken: running.owner.token, close: () => running.close() };
}

async function readBundle(): Promise<Uint8Array> {
  try {
    return await readFile(bundleUrl);
  } catch (cause) {
    throw new CliError('cli/not-built', 'The module is not built; run `npm start` or `pnpm build`.', EXIT.failed, {
      cause,
    });
  }
}

/** What a person can do about a hub that does not start. */
function refusal(cause: HostError, { port, hostname, dataDir }: HubOptions): CliError {
  return new CliError('cli/hub-failed', sentence(), EXIT.failed, { cause });

  function sentence(): string {
    switch (cause.code) {
      case 'host/port-in-use':
        return `Port ${port} on ${hostname} is in use; stop what listens there or choose another with --port.`;
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

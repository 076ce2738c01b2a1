// A hub: the embedded host with the module published as the database `agora`.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Host, HostError, startHost } from '@agora/host';
import { CommandError } from './command.ts';

/** The name of the database that clients ask for. */
export const DATABASE = 'agora';

const BUNDLE = fileURLToPath(new URL('../../module/dist/bundle.js', import.meta.url));

export interface HubOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly hostname: string;
  /** Where the hub keeps its keys and rows; without it they last as long as the process. */
  readonly dataDir: string | undefined;
}

export interface Hub {
  readonly url: string;
  /** Ends connections and writes what is unwritten; may be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a host and publishes the built module on it, or updates it there. Throws a `CommandError` that says in one
 * sentence what a person can do about it.
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const bundle = await readBundle();
  const host = await openHost(options);
  try {
    await host.publish(DATABASE, bundle);
  } catch (thrown) {
    await host.close();
    throw refusal(thrown, options);
  }
  return { url: host.url, close: () => host.close() };
}

async function readBundle(): Promise<Uint8Array> {
  try {
    return await readFile(BUNDLE);
  } catch (thrown) {
    throw new CommandError('The module is not built; run `npm start` or `pnpm build`.', 1, { cause: thrown });
  }
}

async function openHost({ port, hostname, dataDir }: HubOptions): Promise<Host> {
  try {
    return await startHost({ port, hostname, ...(dataDir === undefined ? { inMemory: true } : { dataDir }) });
  } catch (thrown) {
    throw refusal(thrown, { port, hostname, dataDir });
  }
}

/** What a person can do about a hub that does not start; a bug stays what it is. */
function refusal(thrown: unknown, { port, hostname, dataDir }: HubOptions): unknown {
  const options = { cause: thrown };
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'EADDRINUSE')
    return new CommandError(
      `Port ${port} on ${hostname} is in use; stop what listens there or choose another with --port.`,
      1,
      options,
    );
  if (code === 'EACCES')
    return new CommandError(
      `Port ${port} on ${hostname} may not be opened by this user; choose one above 1023 with --port.`,
      1,
      options,
    );
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new CommandError(`${hostname} is no address of this machine; choose another with --host.`, 1, options);
  if (!(thrown instanceof HostError)) return thrown;
  switch (thrown.code) {
    case 'storage/folder-in-use':
      return new CommandError(
        `The data folder ${dataDir} is in use by another process; stop it or choose another with --data-dir.`,
        1,
        options,
      );
    case 'storage/folder-unwritable':
      return new CommandError(
        `The data folder ${dataDir} cannot be written; choose another with --data-dir or use --in-memory.`,
        1,
        options,
      );
    case 'publish/incompatible':
      return new CommandError(
        `The data in ${dataDir} is of another version of the module (${thrown.message}); choose another folder with --data-dir.`,
        1,
        options,
      );
    default:
      return thrown.code.startsWith('storage/')
        ? new CommandError(`${thrown.message} (${dataDir}).`, 1, options)
        : thrown;
  }
}

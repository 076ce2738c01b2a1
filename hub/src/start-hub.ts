// Start of a hub: host plus bundle. No other code joins the two.

import { type Host, type HostOptions, startHost } from '@agora/host';
import { readBundle } from './bundle.ts';
import { DATABASE_NAME } from './database-name.ts';

/** Options of a hub: those of its host, and the name of its database. */
export interface HubOptions extends HostOptions {
  /** Default `agora`. */
  readonly database?: string;
}

/** A running hub; closing or disposing of it stops it. */
export interface Hub extends AsyncDisposable {
  /** `http://hostname:port` */
  readonly url: string;
  /** The name of its database. */
  readonly database: string;
  /** Token of the identity that owns the database: the first operator, who may read all tables by SQL. */
  readonly ownerToken: string;
  /** The host that it runs on. */
  readonly host: Host;
  /** Closes connections and writes all commits to disk; idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a host and publishes the built module on it, or updates the module there. Without a `dataDir` the data lasts as long
 * as the process. Throws `HubError`, or the `HostError` of the host or of `publish`; the host is then closed.
 */
export async function startHub({ database = DATABASE_NAME, ...hostOptions }: HubOptions = {}): Promise<Hub> {
  const bundle = await readBundle();
  const host = await startHost(hostOptions);
  try {
    await host.publish(database, bundle);
  } catch (error) {
    await host.close();
    throw error;
  }
  const close = () => host.close();
  return { url: host.url, database, ownerToken: host.owner.token, host, close, [Symbol.asyncDispose]: close };
}

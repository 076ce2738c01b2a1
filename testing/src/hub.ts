// A hub in the process of a test, in memory, with the agents of the test.

import type { AgoraClient, AgoraClientOptions, AgoraTypes, HubLimits, NoTypes, Registration } from '@agora/client';
import type { PlainObject } from '@agora/host/testing';
import { startHub as startPlainHub } from '@agora/hub';
import { HubClock } from './clock.ts';
import { RunningHub } from './running-hub.ts';

/** Options of a hub under test; all optional. */
export interface StartHubOptions {
  /** `closed` admits only identities that an operator admitted and agents of `connect`. Default `open`. */
  readonly admission?: 'open' | 'closed' | undefined;
  /** Limits of the hub, such as retention times. */
  readonly limits?: HubLimits | undefined;
  /** With `still`, time passes only by `advance`. Default `running`. */
  readonly clock?: 'running' | 'still' | undefined;
  /** First time of the clock; default the machine's time. Clients always use the machine's time. */
  readonly startAt?: Date | undefined;
  /** 0, the default, takes any free port. */
  readonly port?: number | undefined;
}

/** Registration of an agent of a test, and options of its client. */
export interface ConnectOptions<Types extends AgoraTypes = NoTypes>
  extends Partial<Registration>, Omit<AgoraClientOptions<Types>, 'server' | 'database'> {
  /** False leaves the agent unadmitted on a closed hub. Default true. */
  readonly isAdmitted?: boolean | undefined;
}

/** A running hub. Closing or disposing of it also closes every client that it made. */
export interface TestHub extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** The name of its database. */
  readonly database: string;
  /** Token of the first operator, who may read all tables by SQL over HTTP. */
  readonly ownerToken: string;
  /** Operations of the first operator. */
  readonly operator: AgoraClient['operator'];
  /** Current time of the hub's clock. */
  readonly now: Date;
  /**
   * Moves the hub's clock ahead: leases end, deadlines pass and delayed messages are delivered, each at its time. The hub has
   * committed all of this when the call returns; clients receive it over their connections.
   */
  advance(ms: number): void;
  /** Connects and registers an agent with a new identity (type `worker` by default). It is closed with the hub. */
  connect<Types extends AgoraTypes = NoTypes>(
    name: string,
    options?: ConnectOptions<Types>,
  ): Promise<AgoraClient<Types>>;
  /**
   * Makes a client that is not connected yet; it gets a new identity unless a token is given. It sends no heartbeats, so that
   * a moved clock does not make its agent stale.
   */
  client<Types extends AgoraTypes = NoTypes>(name: string, options?: AgoraClientOptions<Types>): AgoraClient<Types>;
  /** All rows of a table, public or private, in no guaranteed order; 64-bit integers are `bigint`. */
  rows(table: string): readonly PlainObject[];
  /** Runs a SQL statement as the owner of the database; each row is a list of its columns. */
  sql(statement: string): readonly (readonly unknown[])[];
  /** Closes the clients and the hub; idempotent. */
  close(): Promise<void>;
}

/** Starts a hub in memory, in this process. */
export async function startHub(options: StartHubOptions = {}): Promise<TestHub> {
  const clock = new HubClock({ isStill: options.clock === 'still', startAt: options.startAt });
  // Pages of any origin may use a hub of tests: its data lasts as long as the test.
  const host = await startPlainHub({ port: options.port ?? 0, world: clock, allowOrigins: ['*'] });
  const hub = new RunningHub(host, clock);
  try {
    await hub.open(options);
    return hub;
  } catch (error) {
    await hub.close();
    throw error;
  }
}

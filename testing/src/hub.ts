// A hub in the process of a test: the embedded host with the built module on it, in memory, and the agents of the test.

import { readFile } from 'node:fs/promises';
import type { AgoraClient, AgoraClientOptions, AgoraTypes, HubLimits, NoTypes, Registration } from '@agora/client';
import { startHost } from '@agora/host';
import type { PlainObject } from '@agora/host/testing';
import { bundleUrl } from '@agora/module/bundle';
import { HubClock } from './clock.ts';
import { DATABASE, RunningHub } from './running-hub.ts';

/** How a hub under test is set up; nothing has to be said. */
export interface StartHubOptions {
  /** `closed` lets in only whom an operator admitted, and who comes by `connect`. Default `open`. */
  readonly admission?: 'open' | 'closed' | undefined;
  /** What the hub stores, and for how long. */
  readonly limits?: HubLimits | undefined;
  /** Whether time passes by itself, or only by `advance`. Default `running`. */
  readonly clock?: 'running' | 'still' | undefined;
  /** What the clock shows at first; by default what that of the machine shows. Clients keep the machine's time. */
  readonly startAt?: Date | undefined;
  /** 0, the default, takes any free port. */
  readonly port?: number | undefined;
}

/** What an agent of a test says of itself, and how its client is set up. */
export interface ConnectOptions<Types extends AgoraTypes = NoTypes>
  extends Partial<Registration>, Omit<AgoraClientOptions<Types>, 'server' | 'database'> {
  /** Whether a closed hub lets it in. Default true. */
  readonly isAdmitted?: boolean | undefined;
}

/** A hub that runs. Closing or disposing of it closes every client that it made. */
export interface TestHub extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:port`. */
  readonly url: string;
  /** The name of its database. */
  readonly database: string;
  /** The token of the first operator, who may also read everything by SQL over HTTP. */
  readonly ownerToken: string;
  /** What operators see and steer, as the first of them. */
  readonly operator: AgoraClient['operator'];
  /** What the hub's clock shows. */
  readonly now: Date;
  /**
   * Moves the hub's clock ahead: leases end, deadlines pass, what is delayed is delivered, each at its time. All of it has
   * happened when this returns; what clients hear of it comes to them over their connections.
   */
  advance(ms: number): void;
  /** An agent of its own identity: connected, registered (as a `worker`, unless said otherwise), and closed with the hub. */
  connect<Types extends AgoraTypes = NoTypes>(
    name: string,
    options?: ConnectOptions<Types>,
  ): Promise<AgoraClient<Types>>;
  /**
   * A client that is not connected yet, of a new identity unless a token is given. It says no heartbeats, so that a clock
   * that is moved makes nobody silent.
   */
  client<Types extends AgoraTypes = NoTypes>(name: string, options?: AgoraClientOptions<Types>): AgoraClient<Types>;
  /** Every row of a table of the module, private or not, in no order that may be relied on; 64-bit numbers are `bigint`. */
  rows(table: string): readonly PlainObject[];
  /** The rows that a statement of SQL finds, as the owner of the database, each a list of its columns. */
  sql(statement: string): readonly (readonly unknown[])[];
  /** Closes the clients and the hub; may be called twice. */
  close(): Promise<void>;
}

/** Starts a hub in memory, in this process, on a free port of this machine. */
export async function startHub(options: StartHubOptions = {}): Promise<TestHub> {
  const clock = new HubClock({ isStill: options.clock === 'still', startAt: options.startAt });
  // Pages of any origin may use a hub of tests: its data lasts as long as the test.
  const host = await startHost({ inMemory: true, port: options.port ?? 0, world: clock, allowOrigins: ['*'] });
  const hub = new RunningHub(host, clock);
  try {
    await host.publish(DATABASE, await readFile(bundleUrl));
    await hub.open(options);
    return hub;
  } catch (error) {
    await hub.close();
    throw error;
  }
}

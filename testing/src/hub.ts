// A hub in the process of a test: the embedded host with the built module on it, in memory, and the agents of the test.

import { readFile } from 'node:fs/promises';
import { AgoraClient, type AgoraClientOptions, type HubLimits, type Registration } from '@agora/client';
import { startHost, type Host } from '@agora/host';
import { databaseRows, databaseSql, type PlainObject } from '@agora/host/testing';
import { bundleUrl } from '@agora/module/bundle';
import { HubClock } from './clock.ts';

/** The name of the database, which is the one that clients ask for. */
const DATABASE = 'agora';
/** As long as a test may take at most, and longer: nothing is looked for after its hub has ended. */
const GIVE_UP_AFTER_MS = 5_000;

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
export interface ConnectOptions extends Partial<Registration>, Omit<AgoraClientOptions, 'server' | 'database'> {
  /** Whether a closed hub lets it in. Default true. */
  readonly isAdmitted?: boolean | undefined;
}

/** Starts a hub in memory, in this process, on a free port of this machine. */
export async function startHub(options: StartHubOptions = {}): Promise<TestHub> {
  const clock = new HubClock({ isStill: options.clock === 'still', startAt: options.startAt });
  const host = await startHost({ inMemory: true, port: options.port ?? 0, world: clock });
  const hub = new TestHub(host, clock);
  try {
    await host.publish(DATABASE, await readFile(bundleUrl));
    await hub.open(options);
    return hub;
  } catch (error) {
    await hub.close();
    throw error;
  }
}

/** A hub that runs. Closing or disposing of it closes every client that it made. */
export class TestHub implements AsyncDisposable {
  readonly #host: Host;
  readonly #clock: HubClock;
  readonly #owner: AgoraClient;
  readonly #clients: AgoraClient[] = [];
  #admission: 'open' | 'closed' = 'open';
  #closing: Promise<void> | undefined;

  /** For `startHub`. */
  constructor(host: Host, clock: HubClock) {
    this.#host = host;
    this.#clock = clock;
    this.#owner = this.client('TestOperator', { token: host.owner.token });
  }

  /** Where it is: `http://127.0.0.1:port`. */
  get url(): string {
    return this.#host.url;
  }

  /** The name of its database. */
  get database(): string {
    return DATABASE;
  }

  /** The token of the first operator, who may also read everything by SQL over HTTP. */
  get ownerToken(): string {
    return this.#host.owner.token;
  }

  /** What operators see and steer, as the first of them. */
  get operator(): AgoraClient['operator'] {
    return this.#owner.operator;
  }

  /** What the hub's clock shows. */
  get now(): Date {
    return new Date(Number(this.#clock.now() / 1000n));
  }

  /**
   * Moves the hub's clock ahead: leases end, deadlines pass, what is delayed is delivered, each at its time. All of it has
   * happened when this returns; what clients hear of it comes to them over their connections.
   */
  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  /** An agent of its own identity: connected, registered (as a `worker`, unless said otherwise), and closed with the hub. */
  async connect(name: string, options: ConnectOptions = {}): Promise<AgoraClient> {
    const { isAdmitted = true, agentType, capabilities, metadata, credit, strictPriority, ...rest } = options;
    const isKnown = rest.token !== undefined || rest.tokenStore !== undefined;
    const token = this.#admission === 'closed' && isAdmitted && !isKnown ? await this.#admit() : rest.token;
    const client = this.client(name, { ...rest, token });
    await client.connect();
    const registration = { capabilities, metadata, credit, strictPriority };
    await client.registerAgent({ agentType: agentType ?? 'worker', ...registration });
    return client;
  }

  /** A client that is not connected yet. It says no heartbeats, so that a clock that is moved makes nobody silent. */
  client(name: string, options: AgoraClientOptions = {}): AgoraClient {
    const place = { server: this.url, database: DATABASE };
    const client = new AgoraClient(name, { heartbeatMs: 0, giveUpAfterMs: GIVE_UP_AFTER_MS, ...options, ...place });
    this.#clients.push(client);
    return client;
  }

  /** Every row of a table of the module, private or not, in no order that may be relied on; 64-bit numbers are `bigint`. */
  rows(table: string): readonly PlainObject[] {
    return databaseRows(this.#open, table);
  }

  /** The rows that a statement of SQL finds, as the owner of the database, each a list of its columns. */
  sql(statement: string): readonly (readonly unknown[])[] {
    return databaseSql(this.#open, statement, this.#host.owner.identity);
  }

  /** Closes the clients and the hub; may be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For `startHub`: connects the operator, and sets up the hub through it. */
  async open({ admission, limits }: StartHubOptions): Promise<void> {
    await this.#owner.connect();
    if (limits) await this.operator.setHubLimits(limits);
    if (admission !== undefined) await this.operator.setAdmission(admission);
    this.#admission = admission ?? 'open';
  }

  /** The token of a new identity that a closed hub lets in. */
  async #admit(): Promise<string> {
    const response = await fetch(new URL('v1/identity', `${this.url}/`), { method: 'POST' });
    // The answer of the host in this very process.
    const { identity, token } = (await response.json()) as { readonly identity: string; readonly token: string };
    await this.operator.admitIdentity(identity);
    return token;
  }

  get #open() {
    const open = this.#host.database(DATABASE);
    if (!open) throw new Error('the hub is closed');
    return open.database;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#clients.map(each => each.close()));
    await this.#host.close();
  }
}

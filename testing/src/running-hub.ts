// Implementation of a hub under test.

import { AgoraClient, type AgoraClientOptions, type AgoraTypes, type NoTypes } from '@agora/client';
import { databaseRows, databaseSql, type PlainObject } from '@agora/host/testing';
import type { Hub } from '@agora/hub';
import type { HubClock } from './clock.ts';
import type { ConnectOptions, StartHubOptions, TestHub } from './hub.ts';

/** Clients stop reconnecting this long after their hub has ended. */
const GIVE_UP_AFTER_MS = 5_000;

/** A hub and the clients that were made for it. */
export class RunningHub implements TestHub {
  readonly #hub: Hub;
  readonly #clock: HubClock;
  readonly #owner: AgoraClient;
  readonly #clients: AsyncDisposable[] = [];
  #admission: 'open' | 'closed' = 'open';
  #closing: Promise<void> | undefined;

  constructor(hub: Hub, clock: HubClock) {
    this.#hub = hub;
    this.#clock = clock;
    this.#owner = this.client('TestOperator', { token: hub.ownerToken });
  }

  get url(): string {
    return this.#hub.url;
  }

  get database(): string {
    return this.#hub.database;
  }

  get ownerToken(): string {
    return this.#hub.ownerToken;
  }

  get operator(): AgoraClient['operator'] {
    return this.#owner.operator;
  }

  get now(): Date {
    return new Date(Number(this.#clock.now() / 1000n));
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  async connect<Types extends AgoraTypes = NoTypes>(
    name: string,
    options: ConnectOptions<Types> = {},
  ): Promise<AgoraClient<Types>> {
    const { isAdmitted = true, agentType, capabilities, metadata, credit, strictPriority, ...rest } = options;
    const isKnown = rest.token !== undefined || (rest.tokenStore ?? false) !== false;
    const token = this.#admission === 'closed' && isAdmitted && !isKnown ? await this.#admit() : rest.token;
    const client = this.client(name, { ...rest, token });
    await client.connect();
    const registration = { capabilities, metadata, credit, strictPriority };
    await client.registerAgent({ agentType: agentType ?? 'worker', ...registration });
    return client;
  }

  client<Types extends AgoraTypes = NoTypes>(
    name: string,
    options: AgoraClientOptions<Types> = {},
  ): AgoraClient<Types> {
    const place = { server: this.url, database: this.database };
    // Without a token a client gets a new identity; stored tokens of this machine are not used.
    const usual = { heartbeatMs: 0, giveUpAfterMs: GIVE_UP_AFTER_MS, tokenStore: false } as const;
    const client = new AgoraClient(name, { ...usual, ...options, ...place });
    this.#clients.push(client);
    return client;
  }

  rows(table: string): readonly PlainObject[] {
    return databaseRows(this.#open, table);
  }

  sql(statement: string): readonly (readonly unknown[])[] {
    return databaseSql(this.#open, statement, this.#hub.host.owner.identity);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Connects the operator and applies the options. */
  async open({ admission, limits }: StartHubOptions): Promise<void> {
    await this.#owner.connect();
    if (limits) await this.operator.setHubLimits(limits);
    if (admission !== undefined) await this.operator.setAdmission(admission);
    this.#admission = admission ?? 'open';
  }

  /** Admits a new identity and returns its token. */
  async #admit(): Promise<string> {
    const response = await fetch(new URL('v1/identity', `${this.url}/`), { method: 'POST' });
    // The response of the host in this process.
    const { identity, token } = (await response.json()) as { readonly identity: string; readonly token: string };
    await this.operator.admitIdentity(identity);
    return token;
  }

  get #open() {
    const open = this.#hub.host.database(this.database);
    if (!open) throw new Error('the hub is closed');
    return open.database;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#clients.map(each => each[Symbol.asyncDispose]()));
    await this.#hub.close();
  }
}

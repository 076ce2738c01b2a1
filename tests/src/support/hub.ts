// A hub for one story: the embedded host in this process with the module; or, with AGORA_TEST_SERVER=http://…, a server
// to which the module is published under a fresh name, by a new identity or, where publishing is restricted, by that of
// AGORA_TEST_TOKEN.

import { randomBytes } from 'node:crypto';
import { AgoraClient, type AgoraClientOptions, type AgoraTypes, type NoTypes, type Registration } from '@agora/client';
import { readBundle, startHub } from '@agora/hub';
import { z } from 'zod';

const CALL_WITHIN_MS = 30_000;

/** A running hub; disposing of it closes every client that it made. */
export interface TestHub extends AsyncDisposable {
  readonly url: string;
  readonly database: string;
  /** Of the identity that published the module: the first operator. */
  readonly ownerToken: string;
  /** A client that is not connected yet, with a separate identity. */
  client<Types extends AgoraTypes = NoTypes>(name: string, options?: AgoraClientOptions<Types>): AgoraClient<Types>;
  /** A client whose agent is registered. */
  join<Types extends AgoraTypes = NoTypes>(
    name: string,
    registration?: Partial<Registration>,
    options?: AgoraClientOptions<Types>,
  ): Promise<AgoraClient<Types>>;
  /** The rows of a table, private ones too, as the owner of the database sees them. */
  rows(table: string): Promise<readonly unknown[]>;
}

interface Place {
  readonly url: string;
  readonly database: string;
  readonly ownerToken: string;
  close(): Promise<void>;
}

/** Starts a hub, or uses the given server. */
export async function startTestHub(): Promise<TestHub> {
  const server = process.env['AGORA_TEST_SERVER'];
  const place = await (server ? publishAt(server, await readBundle()) : startHub());
  const closings: (() => Promise<void>)[] = [];
  const client: TestHub['client'] = (name, options) => {
    const made = new AgoraClient(name, { server: place.url, database: place.database, tokenStore: false, ...options });
    closings.push(() => made.close({ drainMs: 0 }));
    return made;
  };
  return {
    url: place.url,
    database: place.database,
    ownerToken: place.ownerToken,
    client,
    async join(name, registration, options) {
      const joined = client(name, options);
      await joined.connect();
      await joined.registerAgent({ agentType: 'worker', ...registration });
      return joined;
    },
    rows: table => rowsOf(place, table),
    async [Symbol.asyncDispose]() {
      await Promise.all(closings.map(close => close()));
      await place.close();
    },
  };
}

const Issued = z.object({ token: z.string() });

async function newToken(url: string): Promise<string> {
  return Issued.parse(await (await ask(url, 'v1/identity', { method: 'POST' })).json()).token;
}

async function publishAt(url: string, bundle: Uint8Array<ArrayBuffer>): Promise<Place> {
  const ownerToken = process.env['AGORA_TEST_TOKEN'] ?? (await newToken(url));
  const database = `agora-story-${randomBytes(6).toString('hex')}`;
  const headers = { authorization: `Bearer ${ownerToken}`, 'content-type': 'application/octet-stream' };
  await ask(url, `v1/database/${database}?host_type=Js`, { method: 'PUT', headers, body: bundle });
  // The database is kept: a server that deletes a database while its clients disconnect may crash.
  return { url, database, ownerToken, close: () => Promise.resolve() };
}

const Answered = z.array(z.object({ rows: z.array(z.unknown()) }));

async function rowsOf({ url, database, ownerToken }: Place, table: string): Promise<readonly unknown[]> {
  const headers = { authorization: `Bearer ${ownerToken}` };
  const request = { method: 'POST', headers, body: `SELECT * FROM ${table}` };
  const [answer] = Answered.parse(await (await ask(url, `v1/database/${database}/sql`, request)).json());
  return answer?.rows ?? [];
}

async function ask(server: string, path: string, request: RequestInit): Promise<Response> {
  const response = await fetch(new URL(path, `${server}/`), {
    ...request,
    signal: AbortSignal.timeout(CALL_WITHIN_MS),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

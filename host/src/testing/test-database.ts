// A module under test: its database with or without a socket, a manual clock, any number of identities.

import { buildSync } from 'esbuild';
import { Database } from '../database.ts';
import type { RequestHeaders } from '../database/handlers.ts';
import type { HandlerResponse } from '../database/outcome.ts';
import { assert } from '../errors.ts';
import type { CallLimits } from '../guest/watchdog.ts';
import { startHost, type Host } from '../host.ts';
import { deriveIdentity } from '../server/identity.ts';
import { LOCAL_ISSUER } from '../server/tokens.ts';
import { createMemoryStorage } from '../storage/memory-storage.ts';
import type { PlainObject } from './plain.ts';
import { databaseRows, TestClient } from './test-client.ts';
import { TestWorld } from './test-world.ts';

/** Options of a test database; it needs an `entry` or a `bundle`. */
export interface TestDatabaseOptions {
  /** The file that exports the schema as default; it is bundled as for publishing. */
  readonly entry?: string;
  /** A finished bundle, instead of an entry. */
  readonly bundle?: Uint8Array | string;
  /** The first time of the clock; `ctx.random` is seeded from the clock, so the same start gives the same numbers. */
  readonly startAt?: Date;
  /** Limits of a call; none by default. */
  readonly callLimits?: CallLimits;
  /** Accepts clients on a socket too, on any free port: see `url` and `tokenOf`. */
  readonly listens?: boolean;
}

/** A line of the module log. */
export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  /** The reducer, view or procedure that wrote it. */
  readonly function?: string;
  readonly line_number?: number;
}

const START = new Date('2026-01-05T12:00:00Z');
/** The name of the database for clients on a socket. */
const NAME = 'test';

/**
 * A database that lasts as long as the test. Calls are synchronous; only opening, closing and messages to clients on a
 * socket are asynchronous.
 */
export class TestDatabase implements AsyncDisposable {
  /** The underlying database, for operations that this class lacks. */
  readonly database: Database;
  readonly #world: TestWorld;
  readonly #clients = new Map<bigint, TestClient>();
  readonly #host: Host | undefined;
  #lastConnection = 0n;
  /** The client that published the module. */
  readonly owner: TestClient;

  /** Loads a module and runs its `init`. Throws `HostError`: `guest/invalid`, `schema/invalid`, `publish/init-failed`. */
  static async open(options: TestDatabaseOptions): Promise<TestDatabase> {
    const { startAt = START, callLimits, listens = false } = options;
    const world = new TestWorld(BigInt(startAt.getTime()) * 1000n);
    const bundle = bundleOf(options);
    if (listens) {
      const host = await startHost({ inMemory: true, world, limits: callLimits ?? { callMs: Infinity } });
      try {
        await host.publish(NAME, bundle);
      } catch (error) {
        await host.close();
        throw error;
      }
      return new TestDatabase(world, openDatabase(host), host);
    }
    const database = await Database.open({
      storage: createMemoryStorage(),
      world,
      identity: identityOf('database'),
      owner: identityOf('owner'),
      bundle,
      trustsModule: true,
      ...(callLimits && { callLimits }),
    });
    return new TestDatabase(world, database);
  }

  private constructor(world: TestWorld, database: Database, host?: Host) {
    this.database = database;
    this.#world = world;
    this.#host = host;
    this.owner = this.as(database.owner);
  }

  /** The URL for clients; the database is `test`. Throws if it does not listen. */
  get url(): string {
    return this.#listening.url;
  }

  /** A token that gives a client on a socket the identity of `as(name)`. Throws if it does not listen. */
  tokenOf(name: string): string {
    return this.#listening.mint(name).token;
  }

  get #listening(): Host {
    if (!this.#host) throw new TypeError('this database has no socket: open it with { listens: true }');
    return this.#host;
  }

  /** The client of a name or identity, always with the same connection. */
  as(who: string | bigint): TestClient {
    const identity = typeof who === 'bigint' ? who : identityOf(who);
    const known = this.#clients.get(identity) ?? this.connectionOf(identity);
    this.#clients.set(identity, known);
    return known;
  }

  /** A further connection of a name or identity. `claims` are those of its token; modules read them as `ctx.senderAuth`. */
  connectionOf(who: string | bigint, claims?: PlainObject): TestClient {
    const identity = typeof who === 'bigint' ? who : identityOf(who);
    const bytes = claims && new TextEncoder().encode(JSON.stringify(claims));
    return new TestClient(this.database, identity, ++this.#lastConnection, bytes);
  }

  /** Every row of a table, private or not. */
  rows(table: string): PlainObject[] {
    return databaseRows(this.database, table);
  }

  /** The current time of the clock, in milliseconds since 1970. */
  get now(): number {
    return Number(this.#world.now() / 1000n);
  }

  /** Moves the clock; scheduled functions run, each at its time. */
  advance(ms: number): void {
    this.#world.advance(ms);
  }

  /** The log lines of the module. */
  get logged(): LoggedLine[] {
    return this.database.log
      .lines()
      .map(line => JSON.parse(line) as LoggedLine & { target?: string })
      .filter(({ target }) => target === undefined);
  }

  /** Runs the HTTP handler of the module for a request; `path` is the part after `/route`. */
  http(method: string, path: string, body: string | Uint8Array = '', headers: RequestHeaders = {}): HandlerResponse {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    return this.database.handleHttp(method, path, `http://localhost/v1/database/test/route${path}`, headers, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#host ?? this.database).close();
  }
}

function openDatabase(host: Host): Database {
  const open = host.database(NAME);
  assert(open, 'the published database is open');
  return open.database;
}

/** The identity of a name: that of a token with this subject. */
export function identityOf(name: string): bigint {
  return deriveIdentity(LOCAL_ISSUER, name);
}

function bundleOf({ bundle, entry }: TestDatabaseOptions): Uint8Array {
  if (bundle !== undefined) return typeof bundle === 'string' ? new TextEncoder().encode(bundle) : bundle;
  if (entry === undefined) throw new TypeError('an entry or a bundle is needed');
  const built = buildSync({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'esnext',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['production', 'import'],
    external: ['spacetime:sys@*'],
    sourcemap: 'inline',
    write: false,
    logLevel: 'silent',
  });
  return built.outputFiles[0]?.contents ?? new Uint8Array();
}

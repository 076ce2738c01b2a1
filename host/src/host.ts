// A host: databases in a data folder, served on a port. Wires, starts and stops all parts.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { HostError, messageOf } from './errors.ts';
import { Databases, type OpenDatabase, type Published } from './server/databases.ts';
import { BulkReads } from './server/bulk-reads.ts';
import type { SharedLimits } from './server/client.ts';
import { ConnectionLimiter } from './server/connection-limiter.ts';
import { HttpServer } from './server/http-server.ts';
import type { IssuerOptions } from './server/issuers.ts';
import { DEFAULT_HOST_LIMITS, type HostLimits } from './server/host-limits.ts';
import { MemoryBudget } from './server/memory-budget.ts';
import { Metrics } from './server/metrics.ts';
import type { HostRoute } from './server/mounts.ts';
import { Publishers, publishWarning, type AllowPublish } from './server/publishers.ts';
import type { HttpRoute } from './server/router.ts';
import { backupRoutes } from './server/routes/backup.ts';
import { callRoutes } from './server/routes/call.ts';
import { databaseRoutes } from './server/routes/database.ts';
import { handlerRoutes } from './server/routes/handlers.ts';
import { identityRoutes } from './server/routes/identity.ts';
import { logRoutes } from './server/routes/logs.ts';
import { miscRoutes } from './server/routes/misc.ts';
import { publishRoutes } from './server/routes/publish.ts';
import { sqlRoutes } from './server/routes/sql.ts';
import { createSigningKey, Tokens, type Credentials } from './server/tokens.ts';
import { WebSocketUpgrader, type Compression } from './server/web-socket-upgrader.ts';
import { QueryPacer } from './server/query-pacer.ts';
import { RequestConnections } from './server/request-connections.ts';
import { isLoopbackName, parseOrigin, WebAccess } from './server/web-access.ts';
import type { Backup } from './storage/folder-copy.ts';
import type { DataFolder } from './storage/data-folder.ts';
import { openDataFolder } from './storage/lmdb-folder.ts';
import { createMemoryFolder } from './storage/memory-folder.ts';
import { systemWorld, type World } from './world.ts';

const VERSION = '0.1.0';
const DEFAULT_HOSTNAME = '127.0.0.1';
/** Maximum interval between checks for slow requests. */
const MAX_CHECK_MS = 5_000;

/** Options of a host; without a `dataDir` it keeps its databases in memory. */
export interface HostOptions {
  /** 0, the default, uses any free port. */
  readonly port?: number;
  /** The address to listen on; by default this machine only. */
  readonly hostname?: string;
  /** The data folder. */
  readonly dataDir?: string;
  /** Keeps databases in memory, also with a data folder. */
  readonly inMemory?: boolean;
  /** Who may publish, reset and delete over HTTP; by default the local owner only, since modules run as code here. */
  readonly allowPublish?: AllowPublish;
  /** OpenID Connect providers whose users may connect; by default only holders of a token of this host. */
  readonly issuers?: readonly IssuerOptions[];
  /**
   * Origins whose pages may use the host, such as `https://app.example`, besides its own; `*` allows all pages and host
   * names. The host names of these origins are also accepted as names of this host.
   */
  readonly allowOrigins?: readonly string[];
  /**
   * Routes of other packages on the port of the host, also as a function that is called with the host. The paths below
   * `/v1`, `/host` and `/internal` belong to the host.
   */
  readonly routes?: readonly HostRoute[] | ((host: Host) => readonly HostRoute[]);
  /** Which clients that accept compression get it; by default those on other machines. */
  readonly compression?: Compression;
  readonly limits?: Partial<HostLimits>;
  readonly world?: World;
  /** Is called with sentences for the operator: failed requests, dropped clients. */
  readonly log?: (message: string) => void;
}

/** A running host. */
export interface Host extends AsyncDisposable {
  /** `http://hostname:port` */
  readonly url: string;
  readonly port: number;
  /** The identity that owns databases published by this process; its token is in the data folder. */
  readonly owner: Credentials;
  /**
   * Publishes a bundle under a name, as the local owner: creates or updates the database, and disconnects clients with an
   * incompatible schema. Throws `HostError`, with the old module still running: `guest/invalid`, `schema/invalid`,
   * `publish/incompatible`, `publish/init-failed`.
   */
  publish(name: string, bundle: Uint8Array): Promise<Published>;
  /** Mints a token without expiry. The same subject gives the same identity; the default is a new one. */
  mint(subject?: string): Credentials;
  /** An open database by name or identity; undefined if there is none. */
  database(nameOrIdentity: string): OpenDatabase | undefined;
  /**
   * Copies everything that is durable now into a new folder while the host keeps running: rows, names, keys.
   * Throws `backup/target-taken`, `backup/in-memory` or `storage/folder-unwritable`.
   */
  backup(folder: string): Promise<Backup>;
  /** Stops listening, disconnects clients, writes pending commits; may be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a host with all databases of its data folder. Throws `HostError`: `host/port-in-use`, `host/cannot-listen`,
 * `storage/folder-in-use`, `storage/folder-unwritable`, `storage/no-room`, `storage/damaged`; `TypeError` for an unusable
 * origin or path of a route.
 */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const host = await openHost(options);
  const { routes = [] } = options;
  try {
    host.mount(typeof routes === 'function' ? routes(host) : routes);
  } catch (error) {
    await host.close();
    throw error;
  }
  return host;
}

async function openHost(options: HostOptions): Promise<RunningHost> {
  const {
    world = systemWorld,
    log = () => undefined,
    hostname = DEFAULT_HOSTNAME,
    compression = 'elsewhere',
  } = options;
  const origins = readOrigins(options.allowOrigins ?? []);
  const folder =
    options.dataDir === undefined || options.inMemory === true
      ? createMemoryFolder()
      : await openDataFolder(options.dataDir);
  try {
    const tokens = await openTokens(folder, world, options.issuers ?? []);
    const owner = localOwner(folder, tokens);
    const limits = { ...DEFAULT_HOST_LIMITS, ...options.limits };
    const shared: SharedLimits = {
      memory: new MemoryBudget(limits.maxHeldBytes),
      bulkReads: new BulkReads(),
      pacer: new QueryPacer(),
    };
    const isOnDisk = options.dataDir !== undefined && options.inMemory !== true;
    const databases = await Databases.open({
      folder,
      world,
      limits,
      shared,
      logFolder: isOnDisk ? join(options.dataDir, 'logs') : undefined,
      cacheFolder: isOnDisk ? join(options.dataDir, 'cache') : undefined,
      createIdentity: () => tokens.mint().identity,
      trusts: publisher => publisher === owner.identity,
      report: log,
    });
    const connections = new RequestConnections(world);
    const server = createServer({
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, MAX_CHECK_MS),
    });
    const limiter = new ConnectionLimiter(server, limits);
    const { port, address } = await listen(server, options.port ?? 0, hostname).catch(async (error: unknown) => {
      await databases.close();
      throw error;
    });
    // No request arrives before the listeners below are added: nothing here waits.
    const isLoopback = isLoopbackName(hostname) || isLoopbackName(address);
    const access = new WebAccess({ origins, hostname, isLoopback });
    const { allowPublish = 'owner' } = options;
    const publishers = new Publishers(allowPublish, owner.identity);
    const warning = publishWarning(allowPublish);
    if (warning !== undefined) log(warning);
    const routes: HttpRoute[] = [
      ...identityRoutes(tokens, databases),
      ...databaseRoutes(databases, publishers),
      ...callRoutes(databases, connections),
      ...sqlRoutes(databases, connections, limits, shared.pacer),
      ...logRoutes(databases),
      ...handlerRoutes(databases),
      ...backupRoutes(to => databases.backup(to), owner.identity),
      ...publishRoutes(databases, { publishers, maxBundleBytes: limits.maxBundleBytes }),
    ];
    const { maxBodyBytes, closeTimeoutMs, maxFrameBytes, maxNewcomerFrameBytes } = limits;
    const { memory } = shared;
    const http: HttpServer = new HttpServer(routes, {
      tokens,
      access,
      memory,
      maxBodyBytes,
      closeTimeoutMs,
      report: log,
    });
    http.add(...miscRoutes(VERSION, world, new Metrics({ databases, limiter, http, shared })));
    const upgrader = new WebSocketUpgrader({
      databases,
      tokens,
      world,
      access,
      maxFrameBytes,
      maxNewcomerFrameBytes,
      compression,
      report: log,
    });
    server.on('request', (request, response) => void http.serve(request, response));
    server.on('upgrade', (request, socket, head) => void upgrader.handle(request, socket as Socket, head));
    return new RunningHost({ server, tokens, http, databases, memory, folder, owner, hostname, port, limits });
  } catch (error) {
    await folder.close();
    throw error;
  }
}

interface Parts {
  readonly server: Server;
  readonly tokens: Tokens;
  readonly http: HttpServer;
  readonly limits: HostLimits;
  readonly memory: MemoryBudget;
  readonly databases: Databases;
  readonly folder: DataFolder;
  readonly owner: Credentials;
  readonly hostname: string;
  readonly port: number;
}

class RunningHost implements Host {
  readonly url: string;
  readonly port: number;
  readonly owner: Credentials;
  readonly #parts: Parts;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.port = parts.port;
    this.owner = parts.owner;
    this.url = `http://${parts.hostname.includes(':') ? `[${parts.hostname}]` : parts.hostname}:${parts.port}`;
  }

  mount(routes: readonly HostRoute[]): void {
    this.#parts.http.mount(routes);
  }

  publish(name: string, bundle: Uint8Array): Promise<Published> {
    const allowed = { isCleared: false, breaksClients: 'always' } as const;
    return this.#parts.databases.publish(name, this.owner.identity, bundle, allowed);
  }

  mint(subject?: string): Credentials {
    return this.#parts.tokens.mint(subject);
  }

  database(nameOrIdentity: string): OpenDatabase | undefined {
    return this.#parts.databases.find(nameOrIdentity);
  }

  backup(folder: string): Promise<Backup> {
    return this.#parts.databases.backup(folder);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * In reverse order of the start: no new connections, mounts close, clients get a reason, requests end, pending commits are
   * written.
   */
  async #close(): Promise<void> {
    const { server, http, databases, memory, folder, limits } = this.#parts;
    const stopped = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    await http.closeMounts();
    await databases.close();
    await Promise.race([http.whenIdle(), setTimeout(limits.closeTimeoutMs, undefined, { ref: false })]);
    server.closeAllConnections();
    memory.close();
    await stopped;
    await folder.close();
  }
}

function readOrigins(given: readonly string[]): string[] {
  return given.map(text => {
    const origin = parseOrigin(text);
    if (origin === undefined) throw new TypeError(`an origin is like https://app.example, or *: not "${text}"`);
    return origin;
  });
}

async function openTokens(folder: DataFolder, world: World, options: readonly IssuerOptions[]): Promise<Tokens> {
  const key = folder.secret('token-key.pem', createSigningKey);
  // Most hosts have no issuers, and start faster without this import.
  const issuers = options.length === 0 ? undefined : new (await import('./server/issuers.ts')).Issuers(options);
  try {
    return new Tokens(key, world, issuers);
  } catch (cause) {
    throw damagedSecret('keys/token-key.pem', cause);
  }
}

/** The token of the local owner, made once and stored in the data folder, so that tools on this machine can use it. */
function localOwner(folder: DataFolder, tokens: Tokens): Credentials {
  const kept = folder.secret('owner-token', () => new Uint8Array(Buffer.from(tokens.mint().token)));
  try {
    return tokens.verify(Buffer.from(kept).toString('utf8').trim());
  } catch (cause) {
    throw damagedSecret('keys/owner-token', cause);
  }
}

function damagedSecret(file: string, cause: unknown): HostError {
  const wayOut = 'restore it from a backup; without keys/ the host makes new keys, and all identities change';
  return new HostError('storage/damaged', `${file} in the data folder is invalid (${messageOf(cause)}): ${wayOut}`, {
    cause,
  });
}

async function listen(server: Server, port: number, hostname: string): Promise<AddressInfo> {
  try {
    server.listen(port, hostname);
    await once(server, 'listening');
  } catch (cause) {
    const where = `${hostname}:${port}`;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw code === 'EADDRINUSE'
      ? new HostError('host/port-in-use', `another program already listens on ${where}`, { cause })
      : new HostError('host/cannot-listen', `cannot listen on ${where}: ${messageOf(cause)}`, { cause });
  }
  // A server that listens on a port has an address with one.
  return server.address() as AddressInfo;
}

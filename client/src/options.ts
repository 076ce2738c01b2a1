// What a client may be told, and what it does when it is not.

import { AGENT_NAME } from '@agora/module/contract';
import { defaultTokenStore } from '#platform';
import { type Backoff, DEFAULT_BACKOFF } from './base/backoff.ts';
import { AgoraError } from './base/errors.ts';
import type { AgoraTypes, NoTypes } from './wire/message-types.ts';
import type { OutboxOptions } from './acts/outbox.ts';
import type { WebSocketConstructor } from './connection/socket.ts';
import type { OpenTelemetryApi } from './trace/spans.ts';
import type { Settings } from './connection/settings.ts';
import type { TokenStore } from './connection/token-store.ts';

/** What a client may be told when it is made; nothing of it has to be. */
export interface AgoraClientOptions<Types extends AgoraTypes = NoTypes> {
  /** What messages, tasks and events carry (`defineMessages`, `defineTypes`): known to the compiler, and checked at both ends. */
  readonly types?: Types | undefined;
  /**
   * The module `@opentelemetry/api` (`import * as api from '@opentelemetry/api'`), which makes spans. On Node.js it is found
   * by itself where the program has it; `false` is without.
   */
  readonly openTelemetry?: OpenTelemetryApi | false | undefined;
  /** Where the hub is; by default `AGORA_SERVER` of the environment, or `http://127.0.0.1:3000`. */
  readonly server?: string | undefined;
  /** The database on it; by default `agora`. */
  readonly database?: string | undefined;
  /** Who the agent's owner is. */
  readonly token?: string | undefined;
  /**
   * Where the token is found when `token` is not given, and where a new one is put. By default `AGORA_TOKEN` of the
   * environment; else one file a server and database in the user's own folder (Node.js), or `localStorage`. `false` makes a
   * new identity each time.
   */
  readonly tokenStore?: TokenStore | false | undefined;
  /** Whether what is said without a connection is kept until there is one, how much of it, and where. Default false. */
  readonly outbox?: boolean | OutboxOptions | undefined;
  /** Pauses between tries to find a lost connection again: from 100 ms to 10 s, half of it by chance. */
  readonly reconnect?: Partial<Backoff> | undefined;
  /** How long `connect` may take. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long the server may take to answer one call. */
  readonly callTimeoutMs?: number | undefined;
  /** How long calls and answers wait for a lost connection before they are rejected with a `ConnectionError`. */
  readonly offlineTimeoutMs?: number | undefined;
  /** How long a lost connection is looked for before the client gives up for good. */
  readonly giveUpAfterMs?: number | undefined;
  /** How often the agent says that it lives, and a silent connection is noticed; 0 for never. */
  readonly heartbeatMs?: number | undefined;
  /** Whether an acknowledgement means that the hub has it on disk. Default true. */
  readonly durable?: boolean | undefined;
  /** How long the lease of a delivery is renewed while its handler runs. */
  readonly handlerTimeoutMs?: number | undefined;
  /** The WebSocket to use where the runtime has none, or a better one. */
  readonly webSocket?: WebSocketConstructor | undefined;
}

const DEFAULT_SERVER = 'http://127.0.0.1:3000';
const DATABASE_NAME = /^[a-z0-9][a-z0-9_-]{0,127}$/i;

/** Fills in what was left open. Throws `agent/bad-name` and `client/bad-option`. */
export function readOptions(name: string, options: AgoraClientOptions): Settings {
  if (!AGENT_NAME.test(name)) {
    throw new AgoraError(
      'agent/bad-name',
      `"${name}" is no name; use 1-64 letters, digits, _ . - and begin with a letter or digit`,
    );
  }
  const database = options.database ?? 'agora';
  if (!DATABASE_NAME.test(database))
    throw new AgoraError('client/bad-option', `"${database}" is no name of a database`);
  const server = readServer(options.server ?? environment('AGORA_SERVER') ?? DEFAULT_SERVER);
  const { outbox, reconnect } = options;
  return {
    name,
    server,
    database,
    ...readIdentity(options, server, database),
    outbox: outbox === true ? {} : outbox || undefined,
    reconnect: {
      firstMs: readMs('reconnect.firstMs', reconnect?.firstMs, DEFAULT_BACKOFF.firstMs),
      maxMs: readMs('reconnect.maxMs', reconnect?.maxMs, DEFAULT_BACKOFF.maxMs),
    },
    connectTimeoutMs: readMs('connectTimeoutMs', options.connectTimeoutMs, 10_000),
    callTimeoutMs: readMs('callTimeoutMs', options.callTimeoutMs, 30_000),
    offlineTimeoutMs: readMs('offlineTimeoutMs', options.offlineTimeoutMs, 10_000),
    giveUpAfterMs: readMs('giveUpAfterMs', options.giveUpAfterMs, 600_000),
    heartbeatMs: readMs('heartbeatMs', options.heartbeatMs, 15_000),
    durable: options.durable ?? true,
    handlerTimeoutMs: readMs('handlerTimeoutMs', options.handlerTimeoutMs, 3_600_000),
    webSocket: options.webSocket,
  };
}

/** What the caller says counts, then the environment, then the store of this platform. */
function readIdentity(
  { token, tokenStore }: AgoraClientOptions,
  server: URL,
  database: string,
): Pick<Settings, 'token' | 'tokenStore'> {
  if (token !== undefined || tokenStore === false) return { token, tokenStore: undefined };
  if (tokenStore) return { token: undefined, tokenStore };
  const given = environment('AGORA_TOKEN');
  if (given !== undefined) return { token: given, tokenStore: undefined };
  return { token: undefined, tokenStore: defaultTokenStore(server, database) };
}

/** Timers hold no more than this. */
const MAX_MS = 2 ** 31 - 1;

function readMs(option: string, given: number | undefined, otherwise: number): number {
  const ms = given ?? otherwise;
  if (!(ms >= 0 && ms <= MAX_MS))
    throw new AgoraError('client/bad-option', `${option} is 0 to ${MAX_MS} milliseconds, not ${ms}`);
  return ms;
}

function readServer(text: string): URL {
  const url = URL.parse(text.replace(/^ws(s?):/, 'http$1:'));
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new AgoraError('client/bad-option', `server is a URL such as ${DEFAULT_SERVER}, not "${text}"`);
  }
  // Paths below it are resolved against it.
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** A variable of the environment, where there is one: browsers have no `process`. */
function environment(name: string): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env[name] || undefined;
}

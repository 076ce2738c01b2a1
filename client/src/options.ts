// Options of a client, their checks and their defaults.

import { AGENT_NAME } from '@agora/module/contract';
import { defaultTokenStore } from '#platform';
import { type Backoff, DEFAULT_BACKOFF } from './base/backoff.ts';
import { AgoraError } from './base/errors.ts';
import { checkKeys, type Keys } from './base/known-keys.ts';
import type { AgoraTypes, MessageTypeSchemas, NoTypes, TaskSchemas } from './wire/message-types.ts';
import type { OutboxOptions } from './acts/outbox.ts';
import type { WebSocketConstructor } from './connection/web-socket-like.ts';
import type { OpenTelemetryApi } from './trace/spans.ts';
import type { Settings } from './connection/settings.ts';
import type { TokenStore } from './connection/token-store.ts';

/** Options of a client; all optional. */
export interface AgoraClientOptions<Types extends AgoraTypes = NoTypes> {
  /** Declared types of messages, tasks and events (`defineMessages`, `defineTypes`): typed, and checked at both ends. */
  readonly types?: Types | undefined;
  /**
   * The module `@opentelemetry/api` (`import * as api from '@opentelemetry/api'`), for spans. On Node.js the client finds it
   * itself if the program has it. `false` disables spans.
   */
  readonly openTelemetry?: OpenTelemetryApi | false | undefined;
  /** URL of the hub. Default: `AGORA_SERVER` of the environment, or `http://127.0.0.1:3000`. */
  readonly server?: string | undefined;
  /** Name of the database. Default `agora`. */
  readonly database?: string | undefined;
  /** Token of the identity that owns the agent. It is never replaced: `connection/bad-token`. */
  readonly token?: string | undefined;
  /**
   * Store of the token, used if `token` is not set. Default: `AGORA_TOKEN` of the environment; else one file per server and
   * database in the user's folder (Node.js), or `localStorage`. `false` creates a new identity each time.
   */
  readonly tokenStore?: TokenStore | false | undefined;
  /** Queues messages and events while disconnected: true, or its limits and store. Default false. */
  readonly outbox?: boolean | OutboxOptions | undefined;
  /**
   * Backoff between attempts to reconnect. Default: 100 ms, doubled up to 5 s, with 50 % jitter; it starts again after a
   * connection has held for 5 s.
   */
  readonly reconnect?: Partial<Backoff> | undefined;
  /** Timeout of one attempt to connect, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Timeout of one call to the server, in milliseconds (`call/timed-out`). Default 30,000. */
  readonly callTimeoutMs?: number | undefined;
  /** How long calls and asks wait for a lost connection, in milliseconds (`connection/lost`). Default 10,000. */
  readonly offlineTimeoutMs?: number | undefined;
  /** How long the client tries to get a stable connection again before it closes itself, in milliseconds. Default 600,000. */
  readonly giveUpAfterMs?: number | undefined;
  /** Interval of heartbeats, which also detect a silent connection, in milliseconds; 0 disables them. Default 15,000. */
  readonly heartbeatMs?: number | undefined;
  /** True if the hub confirms a call only once it is on disk. Default true. */
  readonly durable?: boolean | undefined;
  /** How long leases are renewed while a handler runs, in milliseconds. Default 3,600,000: one hour. */
  readonly handlerTimeoutMs?: number | undefined;
  /** WebSocket to use in place of that of the runtime. */
  readonly webSocket?: WebSocketConstructor | undefined;
}

const OPTIONS: Keys<AgoraClientOptions> = {
  types: true,
  openTelemetry: true,
  server: true,
  database: true,
  token: true,
  tokenStore: true,
  outbox: true,
  reconnect: true,
  connectTimeoutMs: true,
  callTimeoutMs: true,
  offlineTimeoutMs: true,
  giveUpAfterMs: true,
  heartbeatMs: true,
  durable: true,
  handlerTimeoutMs: true,
  webSocket: true,
};

const OUTBOX: Keys<OutboxOptions> = { maxMessages: true, maxBytes: true, maxAgeMs: true, file: true, store: true };
const BACKOFF: Keys<Partial<Backoff>> = { firstMs: true, maxMs: true };
const TYPES: Keys<AgoraTypes> = { messages: true, tasks: true, events: true };
const MESSAGE_TYPE: Keys<MessageTypeSchemas> = { payload: true, answer: true };
const TASK_TYPE: Keys<TaskSchemas> = { requirements: true, inputs: true, output: true };

function checkTypes(types: AgoraTypes): void {
  checkKeys('the declared types', types, TYPES);
  for (const [type, schemas] of Object.entries(types.messages ?? {}))
    checkKeys(`the schemas of the message type "${type}"`, schemas, MESSAGE_TYPE);
  for (const [action, schemas] of Object.entries(types.tasks ?? {}))
    checkKeys(`the schemas of the action "${action}"`, schemas, TASK_TYPE);
}

const DEFAULT_SERVER = 'http://127.0.0.1:3000';
const DATABASE_NAME = /^[a-z0-9][a-z0-9_-]{0,127}$/i;

/** Checks options and fills in defaults. Throws `agent/bad-name`, `client/bad-option`. */
export function readOptions(name: string, options: AgoraClientOptions): Settings {
  if (!AGENT_NAME.test(name)) {
    throw new AgoraError(
      'agent/bad-name',
      `"${name}" is not an agent name; use 1-64 letters, digits, _ . - and start with a letter or digit`,
    );
  }
  checkKeys('the options of a client', options, OPTIONS);
  const database = options.database ?? 'agora';
  if (!DATABASE_NAME.test(database))
    throw new AgoraError('client/bad-option', `"${database}" is not a database name; use letters, digits, _ -`);
  const server = readServer(options.server ?? environment('AGORA_SERVER') ?? DEFAULT_SERVER);
  const { outbox, reconnect, types } = options;
  if (typeof outbox === 'object') checkKeys('the options of the outbox', outbox, OUTBOX);
  if (reconnect) checkKeys('the options of "reconnect"', reconnect, BACKOFF);
  if (types) checkTypes(types);
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

/** The options have priority over the environment, which has priority over the store of the platform. */
function readIdentity(
  { token, tokenStore }: AgoraClientOptions,
  server: URL,
  database: string,
): Pick<Settings, 'token' | 'tokenStore'> {
  if (token !== undefined || tokenStore === false) return { token, tokenStore: undefined };
  if (tokenStore) return { token: undefined, tokenStore };
  const fromEnvironment = environment('AGORA_TOKEN');
  if (fromEnvironment !== undefined) return { token: fromEnvironment, tokenStore: undefined };
  return { token: undefined, tokenStore: defaultTokenStore(server, database) };
}

/** The longest delay of timers. */
const MAX_MS = 2 ** 31 - 1;

function readMs(option: string, given: number | undefined, fallback: number): number {
  const ms = given ?? fallback;
  if (!(ms >= 0 && ms <= MAX_MS))
    throw new AgoraError('client/bad-option', `${option} is 0 to ${MAX_MS} milliseconds, not ${ms}`);
  return ms;
}

function readServer(text: string): URL {
  const http = text.replace(/^ws(s?):/, 'http$1:');
  // Node.js 20 has no `URL.parse`.
  const url = URL.canParse(http) ? new URL(http) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new AgoraError('client/bad-option', `server is a URL such as ${DEFAULT_SERVER}, not "${text}"`);
  }
  // Relative paths resolve against it, which needs the final slash.
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** Returns a variable of the environment; browsers have no `process`. */
function environment(name: string): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env[name] || undefined;
}

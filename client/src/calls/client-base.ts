// The base of a client: its connection, its state, and its own events.

import type { Operator } from '../agents/operator.ts';
import type { LiveStream } from '../base/live-stream.ts';
import { ClientParts } from '../client-parts.ts';
import { unknownKey } from '../base/known-keys.ts';
import { CLIENT_EVENTS, type ClientEvents, type CloseOptions, type WatchOptions } from '../client-types.ts';
import type { ConnectionState } from '../connection/connection-state.ts';
import type { ConnectOptions } from '../connection/connection.ts';
import type { AgoraClientOptions } from '../options.ts';
import { watchClient } from '../subscriptions.ts';
import type { AgoraTypes } from '../wire/message-types.ts';
import { checkClose, checkConnect, checkWatch } from './known-options.ts';

/** Returns the parts of a client, for the classes of this folder. */
export let partsOf: (client: ClientBase) => ClientParts;

/** Connects a client, and reports its state. */
export abstract class ClientBase implements AsyncDisposable {
  /** Name of the agent. */
  readonly name: string;
  /** Operator calls; non-operators get `operator/required`. */
  readonly operator: Operator;
  readonly #parts: ClientParts;

  static {
    partsOf = client => client.#parts;
  }

  constructor(name: string, options: AgoraClientOptions<AgoraTypes>) {
    this.#parts = new ClientParts(name, options);
    this.name = name;
    this.operator = this.#parts.operator;
  }

  /** State of the connection: `idle`, `connecting`, `connected`, `reconnecting` or `closed`. */
  get state(): ConnectionState {
    return this.#parts.connection.state;
  }

  /** Identity that owns the agent, in hexadecimal; undefined while disconnected. */
  get identity(): string | undefined {
    return this.#parts.connection.session?.identity.toHexString();
  }

  /** Token of that identity, which makes a later client the same owner; undefined while disconnected. */
  get token(): string | undefined {
    return this.#parts.connection.session?.token;
  }

  /**
   * Connects to the hub. After a loss the client reconnects by itself, with backoff. A no-op if it is connected.
   *
   * Throws `connection/refused`, `connection/no-database`, `connection/bad-token`, `connection/not-admitted`,
   * `connection/failed`, or a `TimeoutError` after `connectTimeoutMs`. With `retryForMs` it retries before that.
   *
   * @example
   * ```ts
   * const client = new AgoraClient('Builder', { server: 'http://127.0.0.1:3000' });
   * await client.connect({ retryForMs: 10_000 });
   * ```
   */
  async connect(options: ConnectOptions = {}): Promise<void> {
    checkConnect(options);
    await Promise.all([this.#parts.outbox?.open(), this.#parts.tracing.open()]);
    await this.#parts.connection.connect(options);
  }

  /**
   * Closes the client: takes no more messages, waits for running handlers (`drainMs`, 5 s), aborts later ones with
   * `client/closed` and gives their messages back, sends pending acts, and disconnects. The agent stays registered.
   * Idempotent; `close({ drainMs: 0 })` ends the waiting of an earlier call. `await using` calls it at the end of a block. A
   * handler that awaits it waits for itself.
   *
   * @example
   * ```ts
   * await using client = new AgoraClient('Builder');
   * await client.connect();
   * ```
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkClose(options);
    await this.#parts.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Adds a listener: to `connection` (states), `notice` (late answers, dead letters), `outbox`, or `warning` (errors that no
   * call can be rejected with). Returns a function that removes it.
   *
   * @example
   * ```ts
   * const stop = client.on('connection', ({ state, error }) => console.log(state, error?.code));
   * stop();
   * ```
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): () => void {
    checkEventName(name);
    return this.#parts.emitter.on(name, listener);
  }

  /**
   * The same as `on`, as a loop until the client is closed; if the connection ends with an error, the loop throws it.
   * `connection` starts with the present state, and a slow loop gets the last 64 states. For other events the buffer holds
   * 1,024; one more ends the loop with `client/slow-reader`, so that no event is lost silently.
   *
   * @example
   * ```ts
   * for await (const { about, kind } of client.watch('notice')) console.log(`${about}: ${kind}`);
   * ```
   */
  watch<Name extends keyof ClientEvents>(name: Name, options: WatchOptions = {}): LiveStream<ClientEvents[Name]> {
    checkEventName(name);
    checkWatch(options);
    return watchClient(this.#parts, name, options);
  }
}

function checkEventName(name: string): void {
  if (!Object.hasOwn(CLIENT_EVENTS, name)) throw unknownKey('the events of a client', name, CLIENT_EVENTS);
}

// One connection from its first message to its loss. A loss rejects all pending calls, which the SDK does not do.

import { DbConnection } from '@agora/bindings';
import { setGlobalLogLevel, type Identity } from 'spacetimedb';
import { runtimeWebSocket } from '#platform';
import { type AgoraError, ConnectionError, textOf, TimeoutError, toAgoraError } from '../base/errors.ts';
import { reasonOf } from '../base/waiting.ts';
import type { Settings } from './settings.ts';
import { socketFactory, socketUrl } from './socket.ts';
import { explainRefusal, swapToken } from './admission.ts';

// The SDK logs every connection to the console, and so to standard output.
setGlobalLogLevel('error');

/** An opened connection, until its loss and after it. */
export class Session {
  readonly db: DbConnection;
  readonly identity: Identity;
  readonly token: string;
  readonly #onLost: (error: ConnectionError) => void;
  readonly #waiting = new Set<(error: AgoraError) => void>();
  #lost: ConnectionError | undefined;

  constructor(db: DbConnection, identity: Identity, token: string, onLost: (error: ConnectionError) => void) {
    this.db = db;
    this.identity = identity;
    this.token = token;
    this.#onLost = onLost;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Starts a call and waits for its answer, at most `timeoutMs` and at most until the connection is lost. */
  wait<T>(what: string, timeoutMs: number, start: (db: DbConnection) => Promise<T>): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
      };
      const fail = (error: AgoraError) => {
        end();
        reject(error);
      };
      const timer = setTimeout(() => {
        fail(new TimeoutError('call/timed-out', `the server did not answer ${what} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.add(fail);
      const failed = (error: unknown) => fail(toAgoraError(error));
      try {
        start(this.db).then(value => {
          end();
          resolve(value);
        }, failed);
      } catch (error) {
        // The arguments have no form on the wire.
        failed(error);
      }
    });
  }

  /** Subscribes to a query; settles once its rows are there. Listeners of its rows must be added to `db` before. */
  subscribe(query: string, timeoutMs: number, onApplied?: () => void): Promise<void> {
    return this.wait(`the subscription to "${query}"`, timeoutMs, db => {
      return new Promise((resolve, reject) => {
        db.subscriptionBuilder()
          .onApplied(() => {
            onApplied?.();
            resolve();
          })
          .onError(context => reject(context.event ?? new Error('the subscription was refused')))
          .subscribe(query);
      });
    });
  }

  /** Ends the connection and rejects all pending calls with `error`; idempotent. */
  lose(error: ConnectionError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.db.disconnect();
    for (const fail of [...this.#waiting]) fail(error);
    this.#onLost(error);
  }
}

/** Opens a connection. Throws a `ConnectionError` with the reason, or a `TimeoutError`. */
export async function openSession(
  settings: Settings,
  token: string | undefined,
  onLost: (session: Session, error: ConnectionError) => void,
  signal?: AbortSignal,
): Promise<Session> {
  const { server, database, durable, connectTimeoutMs: timeoutMs } = settings;
  const Socket = settings.webSocket ?? runtimeWebSocket();
  signal?.throwIfAborted();
  const hub = { server, database, timeoutMs, signal };
  const swapped = token === undefined ? undefined : await swapToken(hub, token);
  const url = socketUrl(server, database, { durable, ...(swapped !== undefined && { token: swapped }) });
  try {
    return await new Promise<Session>((resolve, reject) => {
      let session: Session | undefined;
      const isLate = () => {
        reject(new TimeoutError('call/timed-out', `no connection to ${server.origin} within ${timeoutMs} ms`));
        connection.disconnect();
      };
      const aborted = () => {
        clearTimeout(timer);
        reject(reasonOf(signal));
        connection.disconnect();
      };
      const timer = setTimeout(isLate, timeoutMs);
      const closed = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        if (session)
          session.lose(new ConnectionError('connection/lost', `the connection to ${server.origin} was lost`));
        else reject(new ClosedEarly());
      };
      const connection = DbConnection.builder()
        .withUri(server)
        .withDatabaseName(database)
        .withCompression('none')
        .withWSFn(
          socketFactory(Socket, url, cause => {
            const sentence = `a message of ${server.origin} cannot be read, as if this client and the hub had different versions: ${textOf(cause)}`;
            const error = new ConnectionError('connection/lost', sentence, { cause });
            if (session) session.lose(error);
            else reject(error);
          }),
        )
        .onConnect((db, identity, issued) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
          const opened = new Session(db, identity, token ?? issued, error => onLost(opened, error));
          session = opened;
          resolve(opened);
        })
        .onConnectError(closed)
        .onDisconnect(closed)
        .build();
      signal?.addEventListener('abort', aborted, { once: true });
    });
  } catch (error) {
    throw error instanceof ClosedEarly ? await explainRefusal(hub, token) : error;
  }
}

/** The socket was closed before its first message; the reason is available over HTTP. */
class ClosedEarly extends Error {}

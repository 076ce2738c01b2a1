// One connection from its first message to its loss. Whoever waits for an answer on it is told when it is lost, which the
// SDK by itself does not do.

import { DbConnection } from '@agora/bindings';
import { setGlobalLogLevel, type Identity } from 'spacetimedb';
import { runtimeWebSocket } from '#platform';
import { type AgoraError, ConnectionError, TimeoutError, toAgoraError } from '../base/errors.ts';
import { reasonOf } from '../base/time.ts';
import type { Settings } from './settings.ts';
import { socketFactory, socketUrl } from './socket.ts';
import { explainRefusal, swapToken } from './admission.ts';

// The SDK tells the console, and so standard output, about every connection.
setGlobalLogLevel('error');

/** A connection that was opened and is not lost yet, or was. */
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

  /** Waits for an answer on this connection: no longer than `timeoutMs`, and no longer than it lasts. */
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
      start(this.db).then(
        value => {
          end();
          resolve(value);
        },
        (error: unknown) => fail(toAgoraError(error)),
      );
    });
  }

  /** Follows a query; settles once its rows are there. Whoever wants to hear of them has registered with `db` before. */
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

  /** The connection is gone, or of no more use: everybody who waits on it is told. Saying it again does nothing. */
  lose(error: ConnectionError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.db.disconnect();
    for (const fail of [...this.#waiting]) fail(error);
    this.#onLost(error);
  }
}

/** Opens a connection. Throws a `ConnectionError` that says why it could not be, or a `TimeoutError`. */
export async function openSession(
  settings: Settings,
  token: string | undefined,
  onLost: (session: Session, error: ConnectionError) => void,
  signal?: AbortSignal,
): Promise<Session> {
  const { server, database, durable, connectTimeoutMs: timeoutMs } = settings;
  const Socket = settings.webSocket ?? runtimeWebSocket();
  signal?.throwIfAborted();
  const door = { server, database, timeoutMs, signal };
  const swapped = token === undefined ? undefined : await swapToken(door, token);
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
        .withWSFn(socketFactory(Socket, url))
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
    throw error instanceof ClosedEarly ? await explainRefusal(door, token) : error;
  }
}

/** The socket was closed before its first message; HTTP knows why. */
class ClosedEarly extends Error {}

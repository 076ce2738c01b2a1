// A client of the official library that knows when it is over.

import { setGlobalLogLevel } from 'spacetimedb';
import { SoakConnection } from './bindings.ts';
import { DATABASE } from './host-process.ts';

setGlobalLogLevel('error');

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection, and its end. */
export interface Client {
  readonly connection: SoakConnection;
  /** Rejects when the connection is over. */
  readonly ended: Promise<never>;
}

/** The host went away, or sent the client away. */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
}

/** Connects a client that hears of a commit only when it is durable. */
export async function connect(url: string): Promise<Client> {
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  try {
    const connection = await new Promise<SoakConnection>((resolve, reject) => {
      const fail = (why: string) => {
        reject(new ConnectionEnded(why));
        ended.reject(new ConnectionEnded(why));
      };
      timer = setTimeout(() => fail('the client could not connect in time'), CONNECT_TIMEOUT_MS);
      const opened = SoakConnection.builder()
        .withUri(url)
        .withDatabaseName(DATABASE)
        .withConfirmedReads(true)
        .onConnect(() => resolve(opened))
        .onConnectError((_ctx, error) => fail(error.message))
        .onDisconnect(() => fail('the connection is over'))
        .build();
    });
    return { connection, ended: ended.promise };
  } finally {
    clearTimeout(timer);
  }
}

/** Watches some queries; resolves when their rows are there. */
export function subscribe(connection: SoakConnection, queries: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError(ctx => reject(ctx.event ?? new Error('the subscription was refused')))
      .subscribe(queries);
  });
}

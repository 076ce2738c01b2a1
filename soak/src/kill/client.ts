// Client of the official library with a promise that rejects at its end.

import { setGlobalLogLevel } from 'spacetimedb';
import { SoakConnection } from './bindings.ts';
import { DATABASE } from './host-process.ts';

setGlobalLogLevel('error');

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection, and a promise of its end. */
export interface Client {
  readonly connection: SoakConnection;
  /** Rejects when the connection ends. */
  readonly ended: Promise<never>;
}

/** The host ended, or closed the connection. */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
}

/** Connects a client that receives only durable commits. */
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

/** Subscribes to queries; resolves when their rows have arrived. */
export function subscribe(connection: SoakConnection, queries: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError(ctx => reject(ctx.event ?? new Error('the subscription was refused')))
      .subscribe(queries);
  });
}

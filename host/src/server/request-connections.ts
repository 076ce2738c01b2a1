// Request-scoped connections: an HTTP request is a connected client of the database while it is served, so the module's
// connect and disconnect reducers run for it.

import type { Database } from '../database.ts';
import type { Caller } from '../database/outcome.ts';
import type { World } from '../world.ts';
import { HttpError } from './exchange.ts';
import { createConnectionId } from './handshake.ts';
import type { Credentials } from './tokens.ts';

/** Connects HTTP requests to databases while they are served. */
export class RequestConnections {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Runs `work` as a connected client, and waits until its commits are durable. Throws `HttpError` if the module refuses
   * the client.
   */
  async run<T>(
    database: Database,
    { identity, claims }: Credentials,
    work: (caller: Caller) => T,
    isConfirmed = true,
  ): Promise<T> {
    const caller: Caller = { identity, connectionId: createConnectionId(this.#world), claims };
    const connected = database.connect(caller);
    if (connected.kind !== 'committed') throw new HttpError(403, connected.message);
    let result: T;
    try {
      result = work(caller);
    } finally {
      database.disconnect(caller);
    }
    if (isConfirmed) await database.whenDurable(database.datastore.commitNumber);
    return result;
  }
}

// A visit: the connection that an HTTP request has while it is served. The module hears of it coming and going.

import type { Database } from '../database.ts';
import type { Caller } from '../database/outcome.ts';
import type { World } from '../world.ts';
import { HttpError } from './exchange.ts';
import { createConnectionId } from './handshake.ts';
import type { Credentials } from './tokens.ts';

/** Connects HTTP requests to a database for as long as they are served. */
export class RequestConnections {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Does some work as a connected client, and waits until what it committed is durable. Throws `HttpError` if the module
   * does not let the client in.
   */
  async visit<T>(
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

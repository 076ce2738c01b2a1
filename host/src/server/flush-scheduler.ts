// When messages leave: once a turn of the event loop for all that was written in it, and again each time the disk has
// caught up, for those that waited for it. So calls that arrive together are committed, synced and answered together.

import type { Database } from '../database.ts';
import type { Connection } from './connection.ts';

/** Flushes the connections of one database, many messages at a time. */
export class FlushScheduler {
  readonly #database: Pick<Database, 'durable' | 'whenDurable' | 'datastore'>;
  readonly #onFailed: (error: unknown) => void;
  /** Connections with messages that were written in this turn. */
  #written = new Set<Connection>();
  #isTurnSet = false;
  /** Connections with messages that could not leave yet. */
  #waiting = new Set<Connection>();
  #isAwaitingDisk = false;

  /** `onFailed` hears that commits will never be durable any more. */
  constructor(database: Pick<Database, 'durable' | 'whenDurable' | 'datastore'>, onFailed: (error: unknown) => void) {
    this.#database = database;
    this.#onFailed = onFailed;
  }

  /** Flushes a connection when all sockets that are readable now have been served. */
  add(connection: Connection): void {
    this.#written.add(connection);
    if (this.#isTurnSet) return;
    this.#isTurnSet = true;
    setImmediate(() => {
      this.#isTurnSet = false;
      this.flush();
    });
  }

  /** Flushes now whatever was written. */
  flush(): void {
    const connections = this.#written;
    if (connections.size === 0) return;
    this.#written = new Set();
    this.#flush(connections);
  }

  /** Forgets a connection that is over. */
  remove(connection: Connection): void {
    this.#written.delete(connection);
    this.#waiting.delete(connection);
  }

  #flush(connections: Iterable<Connection>): void {
    const { durable } = this.#database;
    for (const connection of connections) {
      connection.flush(durable);
      if (connection.isWaiting) this.#waiting.add(connection);
      else this.#waiting.delete(connection);
    }
    if (this.#waiting.size > 0 && !this.#isAwaitingDisk) void this.#awaitDisk();
  }

  async #awaitDisk(): Promise<void> {
    this.#isAwaitingDisk = true;
    try {
      while (this.#waiting.size > 0 && this.#database.durable < this.#database.datastore.commitNumber) {
        await this.#database.whenDurable(this.#database.durable + 1);
        const connections = this.#waiting;
        this.#waiting = new Set();
        this.#flush(connections);
      }
    } catch (error) {
      this.#onFailed(error);
    } finally {
      this.#isAwaitingDisk = false;
    }
  }
}

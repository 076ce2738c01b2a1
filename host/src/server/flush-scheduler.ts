// When messages are sent: once for each turn of the event loop, and again each time the disk has caught up, for messages
// that waited for it. So calls that arrive together are committed, synced and answered together.

import type { Database } from '../database.ts';
import type { Connection } from './connection.ts';

/** Flushes the connections of one database in batches. */
export class FlushScheduler {
  readonly #database: Pick<Database, 'durable' | 'whenDurable' | 'datastore'>;
  readonly #onFailed: (error: unknown) => void;
  /** Connections with messages written in this turn. */
  #written = new Set<Connection>();
  #isScheduled = false;
  /** Connections with messages that could not be sent yet. */
  #waiting = new Set<Connection>();
  #isAwaitingDisk = false;

  /** `onFailed` is called when pending commits can no longer become durable. */
  constructor(database: Pick<Database, 'durable' | 'whenDurable' | 'datastore'>, onFailed: (error: unknown) => void) {
    this.#database = database;
    this.#onFailed = onFailed;
  }

  /** Flushes a connection after all currently readable sockets were served. */
  add(connection: Connection): void {
    this.#written.add(connection);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Flushes all written messages now. */
  flush(): void {
    const connections = this.#written;
    if (connections.size === 0) return;
    this.#written = new Set();
    this.#flush(connections);
  }

  /** Forgets a closed connection. */
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

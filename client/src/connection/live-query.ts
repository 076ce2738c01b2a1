// A subscription that opens on first use and again on every later session.

import type { DbConnection } from '@agora/bindings';
import type { Connection } from './connection.ts';
import type { Session } from './session.ts';

/** A query and the listeners of its rows. */
export interface LiveQueryOptions {
  /** SQL text; the hub evaluates the same text once for all clients. */
  readonly query: string;
  /** Adds listeners to a session before its first row arrives. */
  readonly listen?: (db: DbConnection) => void;
  /** Called when a session has all matching rows, before the listeners are called for them. */
  readonly applied?: (db: DbConnection) => void;
}

/** The parts of the connection that a query needs. */
export type QueryConnection = Pick<Connection, 'onOpen' | 'ready' | 'settings'>;

/** Subscribes to a query on first use and again on every later session. */
export class LiveQuery {
  readonly #connection: QueryConnection;
  readonly #options: LiveQueryOptions;
  #opened: Promise<void> | undefined;

  constructor(connection: QueryConnection, options: LiveQueryOptions) {
    this.#connection = connection;
    this.#options = options;
    connection.onOpen(session => (this.#opened ? this.#subscribe(session) : undefined));
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Opens the subscription unless it is open; settles once its rows are there. */
  open(): Promise<void> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(): Promise<void> {
    const session = await this.#connection.ready();
    try {
      await this.#subscribe(session);
    } catch (error) {
      // The session was lost: the next one opens the subscription itself.
      if (!session.isLost) throw error;
      await this.#connection.ready();
    }
  }

  #subscribe(session: Session): Promise<void> {
    const { query, listen, applied } = this.#options;
    listen?.(session.db);
    return session.subscribe(query, this.#connection.settings.callTimeoutMs, () => applied?.(session.db));
  }
}

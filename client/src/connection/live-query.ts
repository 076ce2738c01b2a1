// A subscription that is opened when it is first wanted, and again on every later session.

import type { DbConnection } from '@agora/bindings';
import type { Connection } from './connection.ts';
import type { Session } from './session.ts';

/** What is asked of the hub, and who hears of its rows. */
export interface LiveQueryOptions {
  /** The text of the query; the same text for many clients is evaluated once for all of them. */
  readonly query: string;
  /** Registers for the rows of a session, before the first of them comes. */
  readonly listen?: (db: DbConnection) => void;
  /** Called when a session has all rows that match, before the listeners are told of them. */
  readonly applied?: (db: DbConnection) => void;
}

/** What a query needs of the connection. */
export type QueryConnection = Pick<Connection, 'onOpen' | 'ready' | 'settings'>;

/** Subscribes to a query when it is first wanted, and again on every later session. */
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

  /** Opens the subscription if nobody has yet; settles once its rows are there. */
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
      // Lost meanwhile: the next session opens it by itself.
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

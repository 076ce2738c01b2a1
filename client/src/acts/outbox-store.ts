// Contract of the stores of an outbox, which outlive its process.

/** One stored item. */
export interface KeptItem {
  readonly id: string;
  /** A JSON value. */
  readonly value: unknown;
}

/** Stores unsent acts for one client at a time. `fileOutbox` of `@agora/client/node` is an implementation. */
export interface OutboxStore {
  /** Returns all items in the order of storing. Throws `outbox/in-use` when another client has the store open. */
  open(): Promise<readonly KeptItem[]>;
  /** Stores items; an item with a stored id replaces it in place. Settles once the items are durable. */
  keep(items: readonly KeptItem[]): Promise<void>;
  /** Removes items. A removal may be lost in a crash: an act that is sent again is accepted once. */
  forget(ids: readonly string[]): Promise<void>;
  /** Closes the store, which keeps its items; idempotent. */
  close(): Promise<void>;
}

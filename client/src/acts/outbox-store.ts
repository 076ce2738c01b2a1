// What an outbox asks of the place where it keeps things beyond the life of its process.

/** One thing that is kept. */
export interface KeptItem {
  readonly id: string;
  /** A JSON value. */
  readonly value: unknown;
}

/** Keeps what could not be sent yet, for one client at a time. `fileOutbox` of `@agora/client/node` is one. */
export interface OutboxStore {
  /** Everything that is kept, in the order of keeping. Throws `outbox/in-use` when another client has it. */
  open(): Promise<readonly KeptItem[]>;
  /** Keeps items; one whose id is kept already is replaced in its place. Settles once they are safe. */
  keep(items: readonly KeptItem[]): Promise<void>;
  /** Lets go of items. If that is lost in a crash, nothing is harmed: whatever is played again is accepted once. */
  forget(ids: readonly string[]): Promise<void>;
  /** Lets go of the place; what is kept stays. May be called twice. */
  close(): Promise<void>;
}
